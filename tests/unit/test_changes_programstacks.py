"""Of a stack that a program deployed and that cannot be read afterwards, nothing is known: that is said."""

from __future__ import annotations

import socket

import pytest
from rehearsal_builders import ACCOUNT, REGION, call

from sandbox.changes.programstacks import ProgramStacks
from sandbox.place import Place

PLACE = Place(account=ACCOUNT, region=REGION)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint at which nobody answers."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("operation", ["CreateStack", "UpdateStack"])
def test_a_stack_that_cannot_be_read_is_a_blocking_gap(nobody: str, operation: str) -> None:
    made = call(f"cloudformation:{operation}", parameters={"StackName": "app"})
    [gap] = ProgramStacks(nobody, PLACE, [made]).gaps(None)

    assert gap.subject == "app"
    assert gap.blocking
    assert "the engine does not tell" in gap.reason
