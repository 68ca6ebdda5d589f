terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "ap-southeast-2"
}

variable "stage" { default = "prod" }

resource "aws_dynamodb_table" "events" {
  name             = "${var.stage}-events"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "pk"
  range_key        = "sk"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "status"
    type = "S"
  }
  global_secondary_index {
    name            = "by-status"
    hash_key        = "status"
    projection_type = "ALL"
  }
  ttl {
    attribute_name = "expires"
    enabled        = true
  }
}

module "worker" {
  source   = "./modules/worker"
  for_each = { ingest = 30, report = 120 }
  name     = "${var.stage}-${each.key}"
  timeout  = each.value
  table    = aws_dynamodb_table.events.arn
}

resource "aws_apigatewayv2_api" "this" {
  name          = "${var.stage}-events"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "ingest" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.worker["ingest"].arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "ingest" {
  api_id    = aws_apigatewayv2_api.this.id
  route_key = "POST /events"
  target    = "integrations/${aws_apigatewayv2_integration.ingest.id}"
}

resource "aws_apigatewayv2_stage" "live" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "live"
  auto_deploy = true
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = module.worker["ingest"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn  = aws_dynamodb_table.events.stream_arn
  function_name     = module.worker["report"].arn
  starting_position = "LATEST"
  batch_size        = 50
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "${var.stage}-nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = module.worker["report"].arn
}

resource "aws_kinesis_stream" "raw" {
  name        = "${var.stage}-raw"
  shard_count = 2
}

resource "aws_cognito_user_pool" "users" { name = "${var.stage}-users" }

resource "aws_cognito_user_pool_client" "web" {
  name         = "web"
  user_pool_id = aws_cognito_user_pool.users.id
}

resource "aws_sfn_state_machine" "report" {
  name     = "${var.stage}-report"
  role_arn = module.worker["report"].role
  definition = jsonencode({
    StartAt = "Run"
    States  = { Run = { Type = "Task", Resource = module.worker["report"].arn, End = true } }
  })
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = module.worker
  alarm_name          = "${each.value.name}-errors"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = each.value.name }
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  period              = 60
  statistic           = "Sum"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_sns_topic" "alarms" { name = "${var.stage}-alarms" }
