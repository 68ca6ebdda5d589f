terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" { type = string }

resource "aws_kms_key" "this" {
  description             = "logs of ${var.name}"
  deletion_window_in_days = 14
}

resource "aws_s3_bucket" "this" { bucket = "example-logs-${var.name}" }

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    id     = "expire"
    status = "Enabled"
    filter { prefix = "" }
    expiration { days = 400 }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny", Principal = "*", Action = "s3:DeleteObject", Resource = "${aws_s3_bucket.this.arn}/*"
      Condition = { StringNotEquals = { "aws:PrincipalTag/role" = "retention" } }
    }]
  })
}

output "arn" { value = aws_s3_bucket.this.arn }
