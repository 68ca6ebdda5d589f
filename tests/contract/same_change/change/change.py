"""Thirty calls that write, over ten services. change.sh makes the same ones."""

import json
import os
from pathlib import Path

import boto3

ACCOUNT, REGION = "123456789012", "eu-west-1"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
READ_ORDERS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders",
        }
    ],
}

s3 = boto3.client("s3")
s3.create_bucket(Bucket="northwind-reports", CreateBucketConfiguration={"LocationConstraint": REGION})
s3.put_bucket_versioning(Bucket="northwind-reports", VersioningConfiguration={"Status": "Enabled"})
s3.put_bucket_tagging(Bucket="northwind-uploads", Tagging={"TagSet": [{"Key": "Team", "Value": "shop"}]})
s3.put_object(Bucket="northwind-reports", Key="readme.txt", Body=Path("readme.txt").read_bytes())

dynamodb = boto3.client("dynamodb")
dynamodb.create_table(
    TableName="invoices",
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
)
dynamodb.put_item(TableName="invoices", Item={"id": {"S": "1"}})
dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=True)
dynamodb.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})

sqs = boto3.client("sqs")
sqs.create_queue(QueueName="retries", Attributes={"VisibilityTimeout": "60"})
jobs, retries = (f"{ENDPOINT}/{ACCOUNT}/{name}" for name in ("jobs", "retries"))
sqs.set_queue_attributes(QueueUrl=jobs, Attributes={"MessageRetentionPeriod": "86400"})
sqs.tag_queue(QueueUrl=jobs, Tags={"Team": "shop"})
sqs.send_message(QueueUrl=retries, MessageBody="hello")

sns = boto3.client("sns")
alerts = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
sns.create_topic(Name="audits")
sns.set_topic_attributes(TopicArn=alerts, AttributeName="DisplayName", AttributeValue="Alerts")
sns.tag_resource(ResourceArn=alerts, Tags=[{"Key": "Team", "Value": "shop"}])

iam = boto3.client("iam")
iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(TRUST, separators=(",", ":")))
iam.put_role_policy(
    RoleName="auditor", PolicyName="read-orders", PolicyDocument=json.dumps(READ_ORDERS, separators=(",", ":"))
)
iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
iam.tag_role(RoleName="worker", Tags=[{"Key": "Team", "Value": "shop"}])

ssm = boto3.client("ssm")
ssm.put_parameter(Name="/shop/limit", Type="String", Value="20", Overwrite=True)
ssm.put_parameter(Name="/shop/currency", Type="String", Value="EUR")
ssm.delete_parameter(Name="/shop/old")

logs = boto3.client("logs")
logs.create_log_group(logGroupName="/shop/audits")
logs.put_retention_policy(logGroupName="/shop/audits", retentionInDays=30)
logs.put_retention_policy(logGroupName="/shop/app", retentionInDays=90)

events = boto3.client("events")
events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
events.put_targets(Rule="nightly", Targets=[{"Id": "jobs", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"}])

boto3.client("cloudwatch").put_metric_alarm(
    AlarmName="depth",
    Namespace="AWS/SQS",
    MetricName="ApproximateNumberOfMessagesVisible",
    Dimensions=[{"Name": "QueueName", "Value": "jobs"}],
    Statistic="Maximum",
    Period=300,
    EvaluationPeriods=1,
    Threshold=100,
    ComparisonOperator="GreaterThanThreshold",
)
boto3.client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
boto3.client("ecr").create_repository(repositoryName="shop")
