"""How a scope is read when answers are missing, wrong, late, or in pages; against a small HTTP server of our own."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from diffing.snapshot import ReadFailure, Snapshot
from sandbox.errors import EngineError
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.operations import available_services, load_service
from sandbox.inventory.scope import Scope

ACCOUNT = "123456789012"
Answer = tuple[int, Mapping[str, Any] | str]
QUEUE = "http://127.0.0.1/123456789012/jobs"


class FakeService:
    """Answers JSON services by operation; what it is not told about, it does not implement."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[dict[str, Any]], Answer]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                operation = self.headers["X-Amz-Target"].split(".")[-1]
                fake.asked.append(operation)
                fake.headers.append(dict(self.headers))
                answer = fake.answers.get(operation)
                status, content = answer(body) if answer else (400, {"__type": "InvalidAction"})
                data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def says(self, operation: str, answer: Mapping[str, Any] | str, status: int = 200) -> None:
        self.answers[operation] = lambda _: (status, answer)

    def snapshot(self, service: str, deadline: float = 60.0) -> Snapshot:
        scope = Scope(service=service, region="eu-west-1", access_key_id="AKIAEXAMPLE", account=ACCOUNT)
        return take_snapshot(self.endpoint, [scope], deadline=deadline)


@pytest.fixture
def fake() -> Iterator[FakeService]:
    service = FakeService()
    thread = Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


def failures(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    return {(failure.operation, failure.subject, failure.code) for failure in snapshot.failures}


def test_a_listing_that_fails_is_a_failure_and_not_an_empty_account(fake: FakeService) -> None:
    fake.says("ListQueues", {"__type": "InternalFailure"}, status=500)
    seen = fake.snapshot("sqs")
    assert not seen.resources
    assert seen.failures == (
        ReadFailure(
            service="sqs",
            operation="ListQueues",
            subject="*",
            code="InternalFailure",
            region="eu-west-1",
            account=ACCOUNT,
        ),
    )


def test_a_listing_that_answers_not_found_is_a_failure_too(fake: FakeService) -> None:
    fake.says("ListQueues", {"__type": "ResourceNotFoundException"}, status=404)
    assert failures(fake.snapshot("sqs")) == {("ListQueues", "*", "ResourceNotFoundException")}


def test_a_failed_read_of_one_resource_names_it_and_leaves_it_in_place(fake: FakeService) -> None:
    fake.says("ListQueues", {"QueueUrls": [QUEUE]})
    fake.says("GetQueueAttributes", {"__type": "ServiceUnavailable"}, status=503)
    fake.says("ListQueueTags", {"Tags": {"team": "a"}})
    seen = fake.snapshot("sqs")
    (queue,) = seen.resources.values()
    assert queue.tags == {"team": "a"}
    assert queue.stakes == {}
    assert failures(seen) == {("GetQueueAttributes", "AWS::SQS::Queue/jobs", "ServiceUnavailable")}


def test_what_is_not_configured_is_no_failure(fake: FakeService) -> None:
    fake.says("ListTables", {"TableNames": ["orders"]})
    fake.says("DescribeTable", {"Table": {"TableName": "orders", "TableArn": "arn:aws:dynamodb:eu-west-1:1:table/o"}})
    fake.says("GetResourcePolicy", {"__type": "PolicyNotFoundException"}, status=400)
    fake.says("Scan", {"Count": 0})
    seen = fake.snapshot("dynamodb")
    assert "GetResourcePolicy" in fake.asked
    assert "GetResourcePolicy" not in {failure.operation for failure in seen.failures}


def test_a_resource_that_is_listed_and_cannot_be_described_is_a_failure(fake: FakeService) -> None:
    fake.says("ListTables", {"TableNames": ["orders"]})
    fake.says("DescribeTable", {"__type": "ResourceNotFoundException"}, status=400)
    assert ("DescribeTable", "AWS::DynamoDB::Table/orders", "ResourceNotFoundException") in failures(
        fake.snapshot("dynamodb")
    )


def test_an_operation_that_the_engine_lacks_is_asked_once_and_is_unknown_for_every_resource(fake: FakeService) -> None:
    fake.says("ListTables", {"TableNames": ["a", "b", "c"]})
    fake.says("DescribeTable", {"Table": {"TableStatus": "ACTIVE"}})
    fake.says("Scan", {"Count": 0})
    seen = fake.snapshot("dynamodb")
    assert fake.asked.count("DescribeTimeToLive") == 1
    assert {f"AWS::DynamoDB::Table/{name}" for name in "abc"} == {
        failure.subject for failure in seen.failures if failure.operation == "DescribeTimeToLive"
    }


def test_all_pages_of_a_listing_are_read(fake: FakeService) -> None:
    pages = {None: (["a", "b"], "b"), "b": (["c"], "c"), "c": (["d"], None)}

    def list_tables(request: dict[str, Any]) -> Answer:
        names, last = pages[request.get("ExclusiveStartTableName")]
        return 200, {"TableNames": names} | ({"LastEvaluatedTableName": last} if last else {})

    fake.answers["ListTables"] = list_tables
    assert {identity.id for identity in fake.snapshot("dynamodb").resources} == set("abcd")


def test_a_listing_whose_second_page_fails_is_unknown_as_a_whole(fake: FakeService) -> None:
    def list_tables(request: dict[str, Any]) -> Answer:
        if "ExclusiveStartTableName" in request:
            return 500, {"__type": "InternalServerError"}
        return 200, {"TableNames": ["a"], "LastEvaluatedTableName": "a"}

    fake.answers["ListTables"] = list_tables
    seen = fake.snapshot("dynamodb")
    assert ("ListTables", "*", "InternalServerError") in failures(seen)
    assert not seen.resources


def test_pages_that_never_end_are_a_failure(fake: FakeService) -> None:
    fake.says("ListTables", {"TableNames": ["a"], "LastEvaluatedTableName": "a"})
    assert ("ListTables", "*", "PaginationError") in failures(fake.snapshot("dynamodb"))


def test_items_are_counted_over_all_pages_and_no_count_is_better_than_a_wrong_one(fake: FakeService) -> None:
    def scan(request: dict[str, Any]) -> Answer:
        assert request["Select"] == "COUNT"
        if request["TableName"] == "broken" and "ExclusiveStartKey" in request:
            return 500, {"__type": "InternalServerError"}
        if "ExclusiveStartKey" in request:
            return 200, {"Count": 2}
        return 200, {"Count": 40, "LastEvaluatedKey": {"pk": {"S": "x"}}}

    fake.says("ListTables", {"TableNames": ["broken", "orders"]})
    fake.answers["Scan"] = scan
    seen = fake.snapshot("dynamodb")
    assert {i.id: dict(r.stakes) for i, r in seen.resources.items()} == {"broken": {}, "orders": {"items": 42}}
    assert ("Scan", "AWS::DynamoDB::Table/broken", "InternalServerError") in failures(seen)


@pytest.mark.parametrize("content", ["<html>oops</html>", "", "[]", '{"QueueUrls": "no list"}', "\x00"])
def test_an_unreadable_answer_never_raises(fake: FakeService, content: str) -> None:
    fake.says("ListQueues", content)
    seen = fake.snapshot("sqs")
    assert isinstance(seen, Snapshot)
    assert all(failure.operation for failure in seen.failures)


def test_an_html_error_page_is_a_failure(fake: FakeService) -> None:
    fake.says("ListQueues", "<!doctype html><title>500</title>", status=500)
    assert {(operation, subject) for operation, subject, _ in failures(fake.snapshot("sqs"))} == {("ListQueues", "*")}


def test_after_the_deadline_everything_unread_is_a_timeout(fake: FakeService) -> None:
    def slow(_: dict[str, Any]) -> Answer:
        time.sleep(0.6)
        return 200, {"Table": {"TableStatus": "ACTIVE"}}

    fake.says("ListTables", {"TableNames": ["a", "b"]})
    fake.answers["DescribeTable"] = slow
    seen = fake.snapshot("dynamodb", deadline=0.5)
    assert {identity.id for identity in seen.resources} == {"a", "b"}
    unread = {(operation, subject) for operation, subject, code in failures(seen) if code == "Timeout"}
    assert {("DescribeTable", f"AWS::DynamoDB::Table/{name}") for name in "ab"} <= unread
    assert {("Scan", f"AWS::DynamoDB::Table/{name}") for name in "ab"} <= unread


def test_an_endpoint_where_nothing_answers_is_an_engine_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    scope = Scope(service="sqs", region="eu-west-1", access_key_id="x", account=ACCOUNT)
    with pytest.raises(EngineError, match="nothing answered"):
        take_snapshot(f"http://127.0.0.1:{port}", [scope])


def test_a_service_that_there_is_no_model_for_is_a_failure(fake: FakeService) -> None:
    assert failures(fake.snapshot("no-such-service")) == {("*", "*", "UnknownService")}


def test_no_scopes_give_an_empty_snapshot() -> None:
    assert take_snapshot("http://127.0.0.1:1", []) == Snapshot(resources={})


def test_requests_carry_the_accounts_key_and_the_region_of_the_scope(fake: FakeService) -> None:
    fake.snapshot("sqs")
    credential = "Credential=AKIAEXAMPLE/20260101/eu-west-1/sqs/aws4_request"
    assert all(credential in headers["Authorization"] for headers in fake.headers)


def test_only_reads_are_asked(fake: FakeService) -> None:
    fake.says("ListSecrets", {"SecretList": [{"ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:a", "Name": "a"}]})
    fake.says("DescribeSecret", {"Name": "a"})
    fake.says("ListSecretVersionIds", {"Versions": [{"VersionId": "1"}]})
    fake.snapshot("secretsmanager")
    assert set(fake.asked) == {"ListSecrets", "DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds"}


FORBIDDEN = {
    ("cloudformation", "DetectStackDrift"),
    ("codeartifact", "GetAuthorizationToken"),
    ("cognito-idp", "ListUserPoolClientSecrets"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "Query"),
    ("ec2", "GetConsoleOutput"),
    ("ec2", "GetPasswordData"),
    ("ecr", "GetAuthorizationToken"),
    ("iam", "GetServiceLastAccessedDetails"),
    ("kinesis", "GetRecords"),
    ("kinesis", "GetShardIterator"),
    ("kms", "Decrypt"),
    ("kms", "GetParametersForImport"),
    ("lambda", "Invoke"),
    ("logs", "GetLogEvents"),
    ("redshift", "GetClusterCredentials"),
    ("s3", "GetObject"),
    ("secretsmanager", "BatchGetSecretValue"),
    ("secretsmanager", "GetRandomPassword"),
    ("secretsmanager", "GetSecretValue"),
    ("sqs", "ReceiveMessage"),
    ("stepfunctions", "GetActivityTask"),
    ("sts", "AssumeRole"),
    ("sts", "GetFederationToken"),
    ("sts", "GetSessionToken"),
}


@pytest.mark.parametrize(("service", "operation"), sorted(FORBIDDEN))
def test_secrets_payloads_and_side_effects_can_not_be_asked_for(service: str, operation: str) -> None:
    loaded = load_service(service)
    assert loaded is not None
    assert operation not in loaded.operations


def test_no_write_can_be_asked_for_in_any_service() -> None:
    verbs = ("List", "Describe", "Get")
    others = {"Scan", "BatchGetProjects", "BatchGetReportGroups"}
    for service in sorted(available_services())[::12]:
        loaded = load_service(service)
        assert loaded is not None
        assert all(name.startswith(verbs) or name in others for name in loaded.operations)
