#!/bin/sh
# Thirty calls that write, over ten services. change.py makes the same ones.
set -e
account=123456789012
region=eu-west-1
trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}'
read_orders='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/orders"}]}'

aws s3api create-bucket --bucket northwind-reports --create-bucket-configuration LocationConstraint=$region
aws s3api put-bucket-versioning --bucket northwind-reports --versioning-configuration Status=Enabled
aws s3api put-bucket-tagging --bucket northwind-uploads --tagging 'TagSet=[{Key=Team,Value=shop}]'
aws s3api put-object --bucket northwind-reports --key readme.txt --body readme.txt

aws dynamodb create-table --table-name invoices --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH
aws dynamodb put-item --table-name invoices --item '{"id":{"S":"1"}}'
aws dynamodb update-table --table-name orders --deletion-protection-enabled
aws dynamodb update-time-to-live --table-name orders --time-to-live-specification Enabled=true,AttributeName=expires

aws sqs create-queue --queue-name retries --attributes VisibilityTimeout=60
aws sqs set-queue-attributes --queue-url "$AWS_ENDPOINT_URL/$account/jobs" --attributes MessageRetentionPeriod=86400
aws sqs tag-queue --queue-url "$AWS_ENDPOINT_URL/$account/jobs" --tags Team=shop
aws sqs send-message --queue-url "$AWS_ENDPOINT_URL/$account/retries" --message-body hello

aws sns create-topic --name audits
aws sns set-topic-attributes --topic-arn arn:aws:sns:$region:$account:alerts --attribute-name DisplayName --attribute-value Alerts
aws sns tag-resource --resource-arn arn:aws:sns:$region:$account:alerts --tags Key=Team,Value=shop

aws iam create-role --role-name auditor --assume-role-policy-document "$trust"
aws iam put-role-policy --role-name auditor --policy-name read-orders --policy-document "$read_orders"
aws iam attach-role-policy --role-name worker --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess
aws iam tag-role --role-name worker --tags Key=Team,Value=shop

aws ssm put-parameter --name /shop/limit --type String --value 20 --overwrite
aws ssm put-parameter --name /shop/currency --type String --value EUR
aws ssm delete-parameter --name /shop/old

aws logs create-log-group --log-group-name /shop/audits
aws logs put-retention-policy --log-group-name /shop/audits --retention-in-days 30
aws logs put-retention-policy --log-group-name /shop/app --retention-in-days 90

aws events put-rule --name nightly --schedule-expression 'rate(1 day)'
aws events put-targets --rule nightly --targets Id=jobs,Arn=arn:aws:sqs:$region:$account:jobs

aws cloudwatch put-metric-alarm --alarm-name depth --namespace AWS/SQS --metric-name ApproximateNumberOfMessagesVisible \
  --dimensions Name=QueueName,Value=jobs --statistic Maximum --period 300 --evaluation-periods 1 --threshold 100 \
  --comparison-operator GreaterThanThreshold

aws kinesis create-stream --stream-name clicks --shard-count 1
aws ecr create-repository --repository-name shop
