"""The gate as a run task of HCP Terraform: a plan that is judged before it is applied."""
