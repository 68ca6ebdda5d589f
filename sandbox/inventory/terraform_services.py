"""Which service a Terraform resource type of the AWS provider belongs to, by the type's prefix."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

_SERVICES = MappingProxyType(
    {
        "": "ec2",
        "acm": "acm",
        "acmpca": "acm-pca",
        "alb": "elbv2",
        "api_gateway": "apigateway",
        "apigatewayv2": "apigatewayv2",
        "appautoscaling": "application-autoscaling",
        "appsync": "appsync",
        "athena": "athena",
        "autoscaling": "autoscaling",
        "backup": "backup",
        "batch": "batch",
        "cloudformation": "cloudformation",
        "cloudfront": "cloudfront",
        "cloudtrail": "cloudtrail",
        "cloudwatch": "cloudwatch",
        "cloudwatch_event": "events",
        "cloudwatch_log": "logs",
        "cloudwatch_query": "logs",
        "codebuild": "codebuild",
        "codecommit": "codecommit",
        "codepipeline": "codepipeline",
        "cognito": "cognito-idp",
        "cognito_identity_pool": "cognito-identity",
        "config": "config",
        "dax": "dax",
        "db": "rds",
        "docdb": "docdb",
        "dynamodb": "dynamodb",
        "ebs": "ec2",
        "ec2": "ec2",
        "ecr": "ecr",
        "ecrpublic": "ecr-public",
        "ecs": "ecs",
        "efs": "efs",
        "eks": "eks",
        "elastic_beanstalk": "elasticbeanstalk",
        "elasticache": "elasticache",
        "elasticsearch": "es",
        "elb": "elb",
        "emr": "emr",
        "fsx": "fsx",
        "globalaccelerator": "globalaccelerator",
        "glue": "glue",
        "guardduty": "guardduty",
        "iam": "iam",
        "kinesis": "kinesis",
        "kinesis_firehose": "firehose",
        "kms": "kms",
        "lambda": "lambda",
        "launch_configuration": "autoscaling",
        "lb": "elbv2",
        "load_balancer": "elb",
        "memorydb": "memorydb",
        "mq": "mq",
        "msk": "kafka",
        "neptune": "neptune",
        "opensearch": "opensearch",
        "organizations": "organizations",
        "pipes": "pipes",
        "rds": "rds",
        "redshift": "redshift",
        "resourcegroups": "resource-groups",
        "route53": "route53",
        "route53_resolver": "route53resolver",
        "s3": "s3",
        "s3control": "s3control",
        "sagemaker": "sagemaker",
        "scheduler": "scheduler",
        "secretsmanager": "secretsmanager",
        "service_discovery": "servicediscovery",
        "ses": "ses",
        "sesv2": "sesv2",
        "sfn": "stepfunctions",
        "sns": "sns",
        "sqs": "sqs",
        "ssm": "ssm",
        "transfer": "transfer",
        "wafv2": "wafv2",
    }
)
"""Prefix of a Terraform type, without ``aws_``, and botocore's service. Types with no known prefix are EC2's."""


@cache
def service_of(terraform_type: str) -> str:
    """The service, by botocore's name, that a Terraform type belongs to: the longest known prefix decides."""
    words = terraform_type.removeprefix("aws_").split("_")
    for length in range(len(words), 0, -1):
        if found := _SERVICES.get("_".join(words[:length])):
            return found
    return _SERVICES[""]
