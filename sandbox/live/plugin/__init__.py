"""The AWS provider spoke to directly, over Terraform's plugin protocol: imports and reads, nothing else."""
