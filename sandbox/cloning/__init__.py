"""A clone that carries the real ids, made from a Terraform state alone."""
