from __future__ import annotations

import json
from importlib import resources

import pytest

from sandbox.conformance import OK, UNTRIED, doubts, ledger_of, parse_ledger

ENGINES = ("ministack", "moto")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_measured_can_be_read(engine: str) -> None:
    ledger = ledger_of(engine)
    assert ledger is not None
    assert ledger.engine == engine
    assert len(ledger.types) == 100
    assert sum(row.create == OK for row in ledger.types.values()) > 90
    assert all(row.update == row.delete == UNTRIED for row in ledger.types.values() if row.create != OK)


def test_the_pinned_engine_is_the_one_that_was_measured() -> None:
    from importlib.metadata import version  # noqa: PLC0415 - only this asks

    ledger = ledger_of("ministack")
    assert ledger is not None
    assert ledger.version == version("ministack"), "run `make conformance ENGINE=ministack`"


def test_an_engine_that_was_not_measured_has_no_ledger() -> None:
    assert ledger_of("memory") is None
    assert ledger_of("container:ministack") is None
    assert doubts("endpoint:http://127.0.0.1:1", frozenset(), frozenset({"aws_vpc"})) == ()


def test_what_is_beyond_the_ledger_and_what_it_has_against_an_engine_is_told() -> None:
    touched = frozenset({"aws_vpc", "aws_of_the_future", "random_id"})
    [unknown] = doubts("ministack", frozenset(), touched)
    assert "aws_of_the_future" in unknown
    assert "random_id" not in unknown
    [ignored] = doubts("ministack", frozenset({"aws_wafv2_web_acl", "aws_vpc"}), frozenset({"aws_wafv2_web_acl"}))
    assert "aws_wafv2_web_acl" in ignored
    assert "aws_vpc" not in ignored


def test_a_ledger_is_what_its_file_says() -> None:
    file = resources.files("sandbox.engines").joinpath("ledger", "moto.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    assert parse_ledger(document).types["aws_sfn_state_machine"].create != OK
