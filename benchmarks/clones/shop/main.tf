terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { Team = "shop", Managed = "terraform" }
  }
}

locals {
  zones    = ["eu-central-1a", "eu-central-1b"]
  services = { web = { port = 80, count = 3 }, api = { port = 8080, count = 2 } }
}

module "vpc" {
  source = "./modules/vpc"
  cidr   = "10.40.0.0/16"
  zones  = local.zones
}

resource "aws_ecs_cluster" "shop" {
  name = "shop"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

module "service" {
  source   = "./modules/service"
  for_each = local.services
  name     = each.key
  port     = each.value.port
  size     = each.value.count
  cluster  = aws_ecs_cluster.shop.id
  vpc      = module.vpc.id
  subnets  = module.vpc.private
  balancer = aws_lb.shop.arn
}

resource "aws_security_group" "balancer" {
  name_prefix = "balancer-"
  vpc_id      = module.vpc.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "shop" {
  name               = "shop"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.balancer.id]
  subnets            = module.vpc.public
}

resource "aws_db_subnet_group" "shop" {
  name       = "shop"
  subnet_ids = module.vpc.private
}

resource "aws_db_parameter_group" "shop" {
  name   = "shop"
  family = "postgres16"
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
}

resource "aws_db_instance" "shop" {
  identifier             = "shop"
  engine                 = "postgres"
  instance_class         = "db.t3.medium"
  allocated_storage      = 50
  username               = "shop"
  password               = "not-a-real-password"
  db_subnet_group_name   = aws_db_subnet_group.shop.name
  parameter_group_name   = aws_db_parameter_group.shop.name
  vpc_security_group_ids = [for each in module.service : each.group]
  storage_encrypted      = true
  kms_key_id             = aws_kms_key.shop.arn
  skip_final_snapshot    = true
}

resource "aws_kms_key" "shop" {
  description         = "shop"
  enable_key_rotation = true
}

resource "aws_kms_alias" "shop" {
  name          = "alias/shop"
  target_key_id = aws_kms_key.shop.key_id
}

resource "aws_s3_bucket" "assets" {
  bucket = "shop-assets-example"
}

resource "aws_s3_bucket_versioning" "assets" {
  bucket = aws_s3_bucket.assets.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_public_access_block" "assets" {
  bucket                  = aws_s3_bucket.assets.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_route53_zone" "shop" { name = "shop.example" }

resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.shop.zone_id
  name    = "www"
  type    = "A"
  alias {
    name                   = aws_lb.shop.dns_name
    zone_id                = aws_lb.shop.zone_id
    evaluate_target_health = true
  }
}
