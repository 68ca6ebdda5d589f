terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {
  region = "us-east-1"
  max_retries = 3
}
variable "v" { default = "1" }
variable "ami" { default = "ami-0c2023a1b2c3d4e5f" }
locals { tags = { Env = "dry", V = var.v } }
data "aws_caller_identity" "me" {}
data "aws_region" "r" {}
