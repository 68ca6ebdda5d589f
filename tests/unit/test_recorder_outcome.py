from __future__ import annotations

import json

import pytest
from botocore.loaders import Loader
from recorder_requests import service_model

from sandbox.recorder.cbor import dumps_texts
from sandbox.recorder.exchange import Exchange, Head
from sandbox.recorder.identify import UNIDENTIFIED, Identification, Protocol
from sandbox.recorder.kinds import READ_EXCEPTIONS, WRITE_EXCEPTIONS, kind_of
from sandbox.recorder.outcome import Outcome, outcome_of
from sandbox.rehearsal import CallKind

JSON = "application/x-amz-json-1.0"


def answer(
    status: int,
    body: bytes = b"",
    *,
    method: str = "POST",
    identification: Identification = UNIDENTIFIED,
    **headers: str,
) -> Outcome:
    kept = Head(100_000)
    kept.add(body)
    exchange = Exchange(
        sequence=0,
        phase="apply",
        at=0.0,
        method=method,
        target="/",
        headers=(),
        request_body=Head(0),
        response_body=kept,
        status=status,
        response_headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
    )
    return outcome_of(exchange, identification)


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        (
            answer(400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceInUseException", "message": "in use"}'),
            "ResourceInUseException",
            "in use",
        ),
        (answer(400, b'{"__type": "ValidationException", "Message": "bad"}'), "ValidationException", "bad"),
        (
            answer(
                404, b'{"message": "gone"}', x_amzn_errortype="ResourceNotFoundException:http://internal.amazon.com/"
            ),
            "ResourceNotFoundException",
            "gone",
        ),
        (
            answer(
                400,
                b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>m</Message></Error></ErrorResponse>",
            ),
            "Throttling",
            "m",
        ),
        (
            answer(
                400,
                b"<Response><Errors><Error><Code>DependencyViolation</Code><Message>m</Message></Error></Errors></Response>",
            ),
            "DependencyViolation",
            "m",
        ),
        (
            answer(404, b'<?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>m</Message></Error>'),
            "NoSuchBucket",
            "m",
        ),
        (
            answer(400, dumps_texts({"__type": "a#ResourceNotFound", "message": "m"}), content_type="application/cbor"),
            "ResourceNotFound",
            "m",
        ),
        (answer(404, method="HEAD"), "404", ""),
        (answer(500, b"boom"), "500", "boom"),
        (
            answer(200, b"<Error><Code>InternalError</Code><Message>late</Message></Error>", method="PUT"),
            "InternalError",
            "late",
        ),
        (answer(200, b'{"message": "fine"}'), "", ""),
        (answer(400, b"<broken"), "400", ""),
    ],
)
def test_code_and_message_of_every_protocol(outcome: Outcome, code: str, message: str) -> None:
    assert (outcome.code, outcome.message, outcome.unsupported) == (code, message, False)


@pytest.mark.parametrize(
    "outcome",
    [
        answer(501, b'{"__type": "InternalFailure", "message": "x"}'),
        answer(400, b'{"__type": "InvalidAction", "message": "Unknown action: UpdateNodegroupConfig"}'),
        answer(400, b'{"__type": "UnknownOperationException"}'),
        answer(400, b"<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>"),
        answer(404, b"<UnknownOperationException/>"),
        answer(500, b"<!doctype html>\n<html lang=en><title>500 Internal Server Error</title><h1>Oops</h1>"),
        answer(404, b"<html><title>Not found</title></html>"),
        answer(400, b'{"__type": "InvalidRequestException", "message": "Unknown action: X"}'),
        answer(500, b'{"__type": "InternalError", "message": "The action X has not been implemented"}'),
    ],
)
def test_an_operation_that_the_engine_lacks_is_told_from_a_refusal(outcome: Outcome) -> None:
    assert outcome.unsupported


@pytest.mark.parametrize(
    "message",
    [
        "No route for POST /clusters/a/node-groups/b/update-config",
        "Unknown Route53 endpoint: POST /2013-04-01/trafficpolicy",
        "Unknown SES v2 path: POST /v2/email/import-jobs",
        "Unknown method for /tags: PUT",
        "Unsupported method PATCH for /v1/clusters.",
        "Operation not supported: POST /x",
    ],
)
def test_the_engines_own_words_for_what_they_lack(message: str) -> None:
    assert answer(400, json.dumps({"__type": "InvalidRequestException", "message": message}).encode()).unsupported


def test_a_bare_error_text_is_the_message() -> None:
    outcome = answer(400, b'{"error": "Unsupported service: braket"}')
    assert outcome == Outcome(code="400", message="Unsupported service: braket", unsupported=True)


@pytest.mark.parametrize("status", [200, 404])
def test_a_call_that_the_engine_took_for_an_s3_call_is_a_gap(status: int) -> None:
    glacier = Identification(service="glacier", operation="CreateVault", protocol=Protocol.REST_JSON)
    s3 = Identification(service="s3", operation="PutObject", protocol=Protocol.REST_XML)
    assert answer(status, identification=glacier, content_type="application/xml").unsupported
    assert not answer(status, identification=s3, content_type="application/xml").unsupported


def test_no_service_but_s3_misses_a_bucket() -> None:
    body = b"<Error><Code>NoSuchBucket</Code><Message>m</Message></Error>"
    route53 = Identification(service="route53", operation="ListGeoLocations", protocol=Protocol.REST_XML)
    control = Identification(service="s3control", operation="PutPublicAccessBlock", protocol=Protocol.REST_XML)
    assert answer(404, body, identification=route53).unsupported
    assert answer(400, b"<Error><Code>InvalidURI</Code></Error>", identification=control).unsupported
    assert not answer(404, body, identification=Identification(service="s3", operation="GetObject")).unsupported


def test_a_json_call_that_created_something_was_taken_for_an_upload() -> None:
    qldb = Identification(service="qldb-session", operation="SendCommand", protocol=Protocol.JSON)
    assert answer(201, identification=qldb).unsupported
    assert not answer(200, b"{}", identification=qldb).unsupported


def test_a_document_of_the_customers_may_be_xml() -> None:
    model = service_model("apigateway").operation_model("GetExport")
    export = Identification(service="apigateway", operation="GetExport", protocol=Protocol.REST_JSON, model=model)
    assert not answer(200, b"<xml/>", identification=export, content_type="application/xml").unsupported


def test_an_xml_error_for_a_json_call_is_a_gap() -> None:
    body = b"<Error><Code>MethodNotAllowed</Code><Message>m</Message></Error>"
    qldb = Identification(service="qldb-session", operation="SendCommand", protocol=Protocol.JSON)
    assert answer(405, body, identification=qldb) == Outcome(code="MethodNotAllowed", message="m", unsupported=True)


@pytest.mark.parametrize(
    "message",
    [
        "Unknown operation id 1234",
        "There is no route with destination-cidr-block 10.0.0.0/8 in route table rtb-1",
        "db.t2.micro is not supported by this engine version",
        "The requested zone is not available in your current Region",
    ],
)
def test_a_refusal_of_awss_own_is_no_gap(message: str) -> None:
    assert not answer(400, f'{{"__type": "InvalidParameterValue", "message": "{message}"}}'.encode()).unsupported


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("dynamodb:BatchWriteItem", "write"), ("dynamodb:BatchGetItem", "read"), ("dynamodb:Query", "read"),
        ("dynamodb:Scan", "read"), ("dynamodb:TransactGetItems", "read"), ("dynamodb:TransactWriteItems", "write"),
        ("dynamodb:ExecuteStatement", "write"), ("sqs:PurgeQueue", "write"), ("sqs:ReceiveMessage", "write"),
        ("lambda:Invoke", "write"), ("stepfunctions:StartExecution", "write"), ("ecs:RunTask", "write"),
        ("ssm:SendCommand", "write"), ("s3:SelectObjectContent", "read"), ("s3:HeadObject", "read"),
        ("s3:DeleteObjects", "write"), ("cloudtrail:LookupEvents", "read"), ("iam:SimulatePrincipalPolicy", "read"),
        ("cloudformation:ValidateTemplate", "read"), ("cloudformation:CreateChangeSet", "write"),
        ("sts:AssumeRole", "read"), ("sts:AssumeRoleWithWebIdentity", "read"), ("sts:GetCallerIdentity", "read"),
        ("kms:Decrypt", "read"), ("kms:ScheduleKeyDeletion", "write"), ("logs:FilterLogEvents", "read"),
        ("rds-data:ExecuteStatement", "write"), ("rds-data:BatchExecuteStatement", "write"),
        ("athena:StartQueryExecution", "write"), ("ec2:TerminateInstances", "write"), ("ec2:DescribeVpcs", "read"),
        ("ec2:RevokeSecurityGroupIngress", "write"), ("cognito-idp:AdminGetUser", "read"),
        ("cognito-idp:AdminDeleteUser", "write"), ("route53:ChangeResourceRecordSets", "write"),
        ("eks:UpdateNodegroupConfig", "write"), ("ecr:BatchDeleteImage", "write"), ("ecr:BatchGetImage", "read"),
        ("stepfunctions:ValidateStateMachineDefinition", "read"), ("redshift:GetClusterCredentials", "write"),
        ("unknown:FrobnicateThing", "unknown"), ("unknown:DeleteThing", "write"), ("s3:", "unknown"),
    ],
)  # fmt: skip
def test_kinds(operation: str, kind: str) -> None:
    service, _, name = operation.partition(":")
    assert kind_of(service, name) == CallKind(kind)


def test_an_unknown_verb_is_decided_by_a_get_or_by_the_models_word() -> None:
    assert kind_of("schemas", "ExportSchema", method="GET") is CallKind.READ
    assert kind_of("kendra", "Retrieve", read_only=True) is CallKind.READ
    assert kind_of("kendra", "Retrieve", method="POST") is CallKind.UNKNOWN


def test_the_models_word_does_not_turn_a_writing_verb_into_a_read() -> None:
    assert kind_of("ivs", "StartViewerSessionRevocation", read_only=True) is CallKind.WRITE


def test_every_exception_names_an_operation_that_exists() -> None:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    for name in (*READ_EXCEPTIONS, *WRITE_EXCEPTIONS):
        service, _, operation = name.partition(":")
        assert operation in loader.load_service_model(service, "service-2")["operations"], name


def test_nearly_every_operation_of_every_service_has_a_kind() -> None:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    for service in (
        "ec2",
        "s3",
        "iam",
        "rds",
        "lambda",
        "dynamodb",
        "sqs",
        "sns",
        "ecs",
        "eks",
        "kms",
        "route53",
        "logs",
    ):
        operations = loader.load_service_model(service, "service-2")["operations"]
        undecided = [name for name, operation in operations.items()
                     if kind_of(service, name, read_only=operation.get("readonly")) is CallKind.UNKNOWN]  # fmt: skip
        assert undecided == []
