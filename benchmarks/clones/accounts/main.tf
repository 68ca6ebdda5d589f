terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

provider "aws" {
  alias               = "audit"
  region              = "eu-west-1"
  allowed_account_ids = ["222222222222"]
}

data "aws_caller_identity" "here" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.here.account_id]
    }
  }
}

module "logs" {
  source    = "./modules/logs"
  for_each  = toset(["app", "access", "audit"])
  name      = each.key
  providers = { aws = aws.audit }
}

module "logs_west" {
  source    = "./modules/logs"
  count     = 2
  name      = "west-${count.index}"
  providers = { aws = aws.west }
}

resource "aws_iam_role" "reader" {
  provider           = aws.audit
  name               = "reader"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_policy" "read" {
  provider = aws.audit
  name     = "read-logs"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = [for log in module.logs : "${log.arn}/*"] }]
  })
}

resource "aws_iam_role_policy_attachment" "reader" {
  provider   = aws.audit
  role       = aws_iam_role.reader.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_dynamodb_table" "locks" {
  name         = "locks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
}

resource "aws_sns_topic" "alerts" {
  provider = aws.west
  name     = "alerts"
}

resource "aws_sqs_queue" "alerts" {
  provider                  = aws.west
  name                      = "alerts"
  message_retention_seconds = 86400
}

resource "aws_sns_topic_subscription" "alerts" {
  provider  = aws.west
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.alerts.arn
}

resource "aws_iam_user" "ci" { name = "ci" }

resource "aws_iam_group" "ops" { name = "ops" }

resource "aws_iam_user_group_membership" "ci" {
  user   = aws_iam_user.ci.name
  groups = [aws_iam_group.ops.name]
}

resource "aws_ssm_parameter" "regions" {
  for_each = toset(["us-east-1", "us-west-2"])
  name     = "/platform/regions/${each.key}"
  type     = "String"
  value    = each.key
}

resource "aws_secretsmanager_secret" "token" {
  provider = aws.west
  name     = "platform/token"
}

resource "aws_secretsmanager_secret_version" "token" {
  provider      = aws.west
  secret_id     = aws_secretsmanager_secret.token.id
  secret_string = "not-a-real-token"
}
