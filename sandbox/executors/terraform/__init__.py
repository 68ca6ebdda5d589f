"""Run Terraform or OpenTofu against a clone, in a copy of the user's folders."""
