"""No secret, and no customer's data, may leave the recorder: planted ones are looked for in everything it hands out."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from recorder_requests import call, call_for, generated, protocols_of, request_for, service_model

from diffing.values import Marker
from sandbox.recorder.redact import Limits, shown
from sandbox.recorder.secrets import is_secret_name, scrubbed, without, without_literals

SECRET = "hunter2-" + "correct-horse-battery"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----"

STATEMENT = f"DELETE FROM t WHERE id = '{SECRET}'"  # noqa: S608 - planted, never run

PLANTED = [
    ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "MasterUserPassword": SECRET}),
    ("rds", "ModifyDBCluster", {"DBClusterIdentifier": "d", "MasterUserPassword": SECRET}),
    ("redshift", "CreateCluster", {"ClusterIdentifier": "c", "MasterUserPassword": SECRET}),
    ("elasticache", "ModifyReplicationGroup", {"ReplicationGroupId": "r", "AuthToken": SECRET}),
    ("secretsmanager", "CreateSecret", {"Name": "s", "SecretString": SECRET}),
    ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretBinary": SECRET.encode()}),
    ("ssm", "PutParameter", {"Name": "/p", "Type": "SecureString", "Value": SECRET}),
    ("ssm", "PutParameter", {"Name": "/p", "Overwrite": True, "Value": SECRET}),
    ("ssm", "SendCommand", {"DocumentName": "d", "Parameters": {"commands": [f"login {SECRET}"]}}),
    ("lambda", "CreateFunction", {"FunctionName": "f", "Environment": {"Variables": {"PLAIN": SECRET}}}),
    ("lambda", "Invoke", {"FunctionName": "f", "Payload": SECRET.encode()}),
    (
        "ecs",
        "RegisterTaskDefinition",
        {"family": "f", "containerDefinitions": [{"name": "c", "environment": [{"name": "PLAIN", "value": SECRET}]}]},
    ),
    (
        "ecs",
        "RunTask",
        {
            "overrides": {"containerOverrides": [{"environment": [{"name": "X", "value": SECRET}]}]},
            "taskDefinition": "t",
        },
    ),
    (
        "batch",
        "RegisterJobDefinition",
        {"jobDefinitionName": "j", "type": "container", "containerProperties": {"environment": [{"value": SECRET}]}},
    ),
    (
        "codebuild",
        "CreateProject",
        {
            "name": "p",
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "i",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": [{"name": "N", "value": SECRET, "type": "PLAINTEXT"}],
            },
        },
    ),
    ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": SECRET}),
    ("ec2", "CreateLaunchTemplate", {"LaunchTemplateName": "l", "LaunchTemplateData": {"UserData": SECRET}}),
    ("ec2", "ModifyInstanceAttribute", {"InstanceId": "i", "UserData": {"Value": SECRET.encode()}}),
    ("ec2", "ModifyInstanceAttribute", {"InstanceId": "i", "Attribute": "userData", "Value": SECRET}),
    ("autoscaling", "CreateLaunchConfiguration", {"LaunchConfigurationName": "l", "UserData": SECRET}),
    ("iam", "CreateLoginProfile", {"UserName": "u", "Password": SECRET}),
    ("iam", "UploadServerCertificate", {"ServerCertificateName": "s", "PrivateKey": PEM, "CertificateBody": "c"}),
    ("acm", "ImportCertificate", {"Certificate": b"c", "PrivateKey": PEM.encode()}),
    ("cognito-idp", "AdminSetUserPassword", {"UserPoolId": "p", "Username": "u", "Password": SECRET}),
    (
        "cognito-idp",
        "InitiateAuth",
        {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "c", "AuthParameters": {"X": SECRET}},
    ),
    ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "r", "RoleSessionName": "s", "WebIdentityToken": SECRET}),
    ("kms", "Encrypt", {"KeyId": "k", "Plaintext": SECRET.encode()}),
    ("apigateway", "CreateApiKey", {"name": "k", "value": SECRET}),
    ("mq", "CreateUser", {"BrokerId": "b", "Username": "u", "Password": SECRET}),
    (
        "dms",
        "CreateEndpoint",
        {"EndpointIdentifier": "e", "EndpointType": "source", "EngineName": "m", "Password": SECRET},
    ),
    ("glue", "CreateConnection", {"ConnectionInput": {"Name": "c", "ConnectionProperties": {"PASSWORD": SECRET}}}),
    (
        "cloudformation",
        "CreateStack",
        {"StackName": "s", "Parameters": [{"ParameterKey": "DbPassword", "ParameterValue": SECRET}]},
    ),
    ("cloudformation", "CreateStack", {"StackName": "s", "TemplateBody": f"Default: {SECRET}"}),
    ("sns", "Subscribe", {"TopicArn": "t", "Protocol": "https", "Endpoint": f"https://user:{SECRET}@example.com/hook"}),
    (
        "sns",
        "CreatePlatformApplication",
        {"Name": "n", "Platform": "APNS", "Attributes": {"PlatformCredential": SECRET}},
    ),
    ("elasticbeanstalk", "UpdateEnvironment", {"OptionSettings": [{"OptionName": "PLAIN", "Value": SECRET}]}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "SSECustomerKey": SECRET, "Body": b"x"}),
    (
        "events",
        "CreateConnection",
        {
            "Name": "n",
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": SECRET}},
        },
    ),
]

DATA = [
    ("dynamodb", "PutItem", {"TableName": "t", "Item": {"id": {"S": SECRET}, "n": {"M": {"x": {"S": SECRET}}}}}),
    ("dynamodb", "DeleteItem", {"TableName": "t", "Key": {"id": {"S": SECRET}}}),
    (
        "dynamodb",
        "UpdateItem",
        {"TableName": "t", "Key": {"id": {"S": "1"}}, "ExpressionAttributeValues": {":x": {"S": SECRET}}},
    ),
    ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": {"id": {"S": SECRET}}}}]}}),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": {"id": {"S": SECRET}}}}]}),
    ("dynamodb", "ExecuteStatement", {"Statement": STATEMENT}),
    ("dynamodb", "ExecuteStatement", {"Statement": "DELETE FROM t WHERE id = ?", "Parameters": [{"S": SECRET}]}),
    ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": SECRET}),
    ("sqs", "SendMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "1", "MessageBody": SECRET}]}),
    ("sns", "Publish", {"TopicArn": "t", "Message": SECRET, "Subject": SECRET}),
    ("sns", "PublishBatch", {"TopicArn": "t", "PublishBatchRequestEntries": [{"Id": "1", "Message": SECRET}]}),
    ("kinesis", "PutRecord", {"StreamName": "s", "PartitionKey": "p", "Data": SECRET.encode()}),
    ("firehose", "PutRecord", {"DeliveryStreamName": "s", "Record": {"Data": SECRET.encode()}}),
    ("events", "PutEvents", {"Entries": [{"Detail": SECRET, "Source": "s"}]}),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": SECRET}]},
    ),
    ("stepfunctions", "StartExecution", {"stateMachineArn": "a", "input": SECRET}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": SECRET.encode()}),
    ("ses", "SendRawEmail", {"RawMessage": {"Data": SECRET.encode()}}),
    ("rds-data", "ExecuteStatement", {"resourceArn": "r", "secretArn": "arn:aws:secretsmanager:x", "sql": STATEMENT}),
]


def leaks(text: str) -> bool:
    return SECRET in text or "hunter2" in text


@pytest.mark.parametrize(("service", "operation", "parameters"), [*PLANTED, *DATA])
def test_what_was_planted_is_not_handed_out(service: str, operation: str, parameters: dict[str, Any]) -> None:
    for protocol in protocols_of(service):
        recorded = call(service, operation, parameters, protocol)
        assert (recorded.service, recorded.operation) == (service, operation)
        assert not leaks(repr(recorded))


@pytest.mark.parametrize(("service", "operation", "parameters"), PLANTED)
def test_not_even_in_the_engines_error_message(service: str, operation: str, parameters: dict[str, Any]) -> None:
    request = request_for(service, service_model(service).operation_model(operation), parameters)
    echo = json.dumps({"__type": "ValidationException", "message": f"Not valid: {' '.join(_texts(parameters))}"})
    recorded = call_for(request, answer=echo.encode(), status=400, content_type="application/x-amz-json-1.1")
    assert recorded.error_code == "ValidationException"
    assert recorded.error_message.startswith("Not valid: ")
    assert not leaks(recorded.error_message)


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
        case _:
            return []


@pytest.mark.parametrize(
    "service", ["apprunner", "cognito-idp", "connect", "glue", "lambda", "organizations", "transfer"]
)
def test_whatever_the_model_calls_sensitive_is_hidden(service: str) -> None:
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.input_shape is None:
            continue
        parameters = generated(operation.input_shape, Random(name), everything=True)
        planted = _with_secrets(parameters, operation.input_shape)
        request = request_for(service, operation, planted)
        recorded = call_for(request)
        assert not leaks(repr(recorded.parameters)), name
        assert not leaks(repr(recorded.resources)), name


def _with_secrets(value: Any, shape: Any) -> Any:
    """Put the secret into every text that the model marks as sensitive, except into paths, which name resources."""
    match shape.type_name, value:
        case "structure", dict() if not shape.is_document_type:
            return {name: _with_secrets(item, shape.members[name]) for name, item in value.items()}
        case "list", list():
            return [_with_secrets(item, shape.member) for item in value]
        case "map", dict():
            return {key: _with_secrets(item, shape.value) for key, item in value.items()}
        case "string", str() if shape.metadata.get("sensitive") and "location" not in shape.serialization:
            return SECRET
        case _:
            return value


@pytest.mark.parametrize(
    "name",
    [
        "Password", "masterUserPassword", "SecretString", "ClientSecret", "PrivateKey", "AuthToken", "SessionToken",
        "access_token", "ConnectionString", "UserData", "TokenCode", "DB_PASSWORD", "api-key", "SSECustomerKey",
        "WebIdentityToken", "PreSharedKey", "Passphrase",
    ],
)  # fmt: skip
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "NextToken", "nextPageToken", "ContinuationToken", "ClientToken", "ClientRequestToken", "CreationToken",
        "IdempotencyToken", "LockToken", "WebACLLockToken", "SequenceToken", "HttpTokens", "SecretId", "SecretArn",
        "PasswordLength", "MasterUserSecretKmsKeyId", "KeyName", "PublicKeyMaterial", "TokenType", "Name", "Key",
        "AuthorizationType", "PasswordPolicy", "UpdateToken",
    ],
)  # fmt: skip
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)


def test_settings_around_secrets_stay_visible() -> None:
    recorded = call(
        "rds",
        "CreateDBInstance",
        {"DBInstanceIdentifier": "d", "MasterUserPassword": SECRET, "DeletionProtection": True},
    )
    assert recorded.parameters == {
        "DBInstanceIdentifier": "d",
        "MasterUserPassword": Marker.SENSITIVE,
        "DeletionProtection": True,
    }


def test_environments_show_their_names_only() -> None:
    recorded = call(
        "lambda", "CreateFunction", {"FunctionName": "f", "Environment": {"Variables": {"A": "1", "B": "2"}}}
    )
    assert recorded.parameters["Environment"] == {"Variables": {"A": Marker.SENSITIVE, "B": Marker.SENSITIVE}}


def test_data_leave_their_size() -> None:
    recorded = call("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": "x" * 300})
    assert recorded.parameters["MessageBody"] == "(300 characters)"
    recorded = call("dynamodb", "PutItem", {"TableName": "t", "Item": {"a": {"S": "x"}, "b": {"N": "1"}}})
    assert recorded.parameters["Item"] == "(2 attributes)"


def test_references_to_secrets_are_shown() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"
    recorded = call("apigateway", "PutIntegration", {
        "restApiId": "r", "resourceId": "s", "httpMethod": "GET", "type": "AWS", "credentials": arn,
    })  # fmt: skip
    assert recorded.parameters["credentials"] == arn


def test_long_and_deep_values_are_cut() -> None:
    limits = Limits(text=10, items=2, depth=3)
    tree = {"Text": "x" * 15, "List": [1, 2, 3, 4], "Deep": {"a": {"b": {"c": {"d": 1}}}}}
    cut = shown(
        tree, service_model("s3").operation_model("PutObject").input_shape, service="x", operation="Y", limits=limits
    )
    assert cut.parameters["Text"] == "x" * 10 + "… (+5 characters)"
    assert cut.parameters["List"] == (1, 2, "(+2 items)")
    assert "d" not in repr(cut.parameters["Deep"])


def test_without_a_model_only_names_and_numbers_are_shown() -> None:
    tree = {"TableName": "t", "Item": {"id": {"S": SECRET}}, "Count": 3, "Comment": SECRET}
    cut = shown(tree, None, service="dynamodb", operation="DeleteEverything")
    assert dict(cut.parameters) == {
        "TableName": "t",
        "Item": "(1 entries)",
        "Count": 3,
        "Comment": f"({len(SECRET)} characters)",
    }


@pytest.mark.parametrize(
    "text",
    [
        f"postgres://admin:{SECRET}@db.example.com/x",
        f'{{"password": "{SECRET}"}}',
        f"mysql --host=h --password={SECRET} -e 1",
        f"export API_KEY={SECRET}; run",
        PEM,
    ],
)
def test_secrets_in_texts_are_taken_out(text: str) -> None:
    assert not leaks(scrubbed(text))
    assert "(sensitive)" in scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:db/password-AbCdEf",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "secretsmanager:GetSecretValue"}]}',
        "http://127.0.0.1:4566/123456789012/queue",
        "the password policy",
    ],
)
def test_innocent_texts_are_left_alone(text: str) -> None:
    assert scrubbed(text) == text


def test_statements_lose_their_literals_and_keep_their_shape() -> None:
    assert (
        without_literals("DELETE FROM \"t\" WHERE id = 'it''s' AND n = 3")
        == "DELETE FROM \"t\" WHERE id = '?' AND n = 3"
    )


def test_short_secrets_do_not_blank_innocent_text() -> None:
    assert without("the key was not valid", {"key"}) == "the key was not valid"
    assert without("abcd1234 was not valid", {"abcd1234"}) == "(sensitive) was not valid"
