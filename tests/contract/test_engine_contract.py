"""What every engine must do, whoever runs it: in memory, as a child, in a container, at an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker_host import FIXTURE
from engine_clients import ACCOUNT, OTHER_ACCOUNT, PUBLIC_PORT, client, eventually, new_role, queues
from somebodys_engine import Somebodys, somebodys_engine

from sandbox.engines.container import ContainerEngine
from sandbox.engines.endpoint import EndpointEngine
from sandbox.engines.memory import MemoryEngine
from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.moto import MotoEngine
from sandbox.engines.probe import ask
from sandbox.ports import Engine, RunningEngine
from sandbox.recorder.recorder import Recorder

pytestmark = pytest.mark.engine

ONE_ACCOUNT = "one account for everybody"
EMBEDDED: dict[str, Callable[[], Engine]] = {"memory": MemoryEngine, "ministack": MiniStackEngine, "moto": MotoEngine}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One engine, and what is known of it."""

    engine: Engine
    kill: Callable[[Any], object]
    """End a clone as an accident would."""
    has_accounts: bool = True
    """A 12-digit access key is the account; otherwise it has one for everybody, and says so."""
    theirs: Somebodys | None = None
    """Somebody else runs it: it goes on after the context, and names its own port in URLs."""


@pytest.fixture(
    scope="module",
    params=[*EMBEDDED, "container:ministack", "container:moto", "endpoint:ministack", "endpoint:moto"],
)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    kind, _, emulator = str(request.param).partition(":")
    has_accounts = emulator != "moto"
    match kind:
        case "container":
            host = request.getfixturevalue(FIXTURE)
            engine = ContainerEngine(host.images[emulator], environment=host.environment)
            yield Subject(engine=engine, kill=lambda clone: clone.container.kill(), has_accounts=has_accounts)
        case "endpoint":
            with somebodys_engine(emulator, tmp_path_factory.mktemp(emulator)) as theirs:
                attached = EndpointEngine(theirs.url, environment={}, reset=True)
                yield Subject(
                    engine=attached, kill=lambda _: theirs.process.kill(), has_accounts=has_accounts, theirs=theirs
                )
        case "memory":
            yield Subject(engine=MemoryEngine(), kill=lambda clone: clone.end())
        case _:
            yield Subject(engine=EMBEDDED[kind](), kill=lambda clone: clone.process.kill())


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as started:
        yield started


@pytest.fixture(scope="module")
def clone(subject: Subject, recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with subject.engine.start(tmp_path_factory.mktemp("clone"), public_port=recorder.port) as started:
        recorder.forward_to(started.endpoint)
        assert queues(started) == []
        assert client(started, "s3").list_buckets()["Buckets"] == []
        yield started


class TestEveryEngine:
    """In one clone each; the last test ends it."""

    def test_answers_as_the_default_account(self, subject: Subject, clone: RunningEngine) -> None:
        assert ask(clone.endpoint).account == ACCOUNT
        if subject.theirs is None:
            assert client(clone, "sts", account="AKIAIOSFODNN7EXAMPLE").get_caller_identity()["Account"] == ACCOUNT
        assert clone.info.name == subject.engine.name
        assert clone.info.version
        assert clone.alive()

    def test_keeps_regions_apart_and_urls_lead_to_the_recorder(
        self, subject: Subject, clone: RunningEngine, recorder: Recorder
    ) -> None:
        created = client(recorder, "sqs", region="eu-west-1").create_queue(QueueName="orders")["QueueUrl"]

        assert queues(recorder, region="eu-west-1") == [created]
        assert queues(clone, region="us-east-1") == []
        if subject.theirs is None:
            assert created == f"{recorder.endpoint}/{ACCOUNT}/orders"

    def test_a_twelve_digit_access_key_is_the_account_or_it_is_said(
        self, subject: Subject, clone: RunningEngine
    ) -> None:
        client(clone, "dynamodb").create_table(
            TableName="orders",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        theirs = client(clone, "dynamodb", account=OTHER_ACCOUNT).list_tables()["TableNames"]
        role = new_role(clone, account=OTHER_ACCOUNT)

        assert (theirs, role.split(":")[4]) == (([], OTHER_ACCOUNT) if subject.has_accounts else (["orders"], ACCOUNT))
        assert any(ONE_ACCOUNT in text for text in clone.notices) is not subject.has_accounts

    def test_two_clones_do_not_see_each_other_or_it_is_said(
        self, subject: Subject, clone: RunningEngine, tmp_path: Path
    ) -> None:
        if subject.theirs is not None:
            assert any("is shared" in text for text in clone.notices)
            return
        client(clone, "sqs").create_queue(QueueName="ours")

        with subject.engine.start(tmp_path, public_port=PUBLIC_PORT + 1) as second:
            assert second.endpoint != clone.endpoint
            assert queues(second) == []
        assert not second.alive()
        assert len(queues(clone)) == 1

    def test_an_accident_is_noticed(self, subject: Subject, clone: RunningEngine) -> None:
        subject.kill(clone)

        assert eventually(lambda: not clone.alive())
        assert "\x1b" not in clone.log_tail()
