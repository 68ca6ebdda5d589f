"""A live AWS account, read and never written: from its API to a Terraform state that a clone can be made from."""
