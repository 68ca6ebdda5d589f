"""The policy file: generated files are each a policy or one clear error, and the schema says the same as the reader."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from diffing.change import Action, Lifespan, Proof, ResourceChange, StateDiff
from gate.policy import schemafile
from gate.policy.config import parse_policy, read_policy
from gate.policy.document import EMPTY
from gate.policy.evaluate import RULES, evaluate
from gate.policy.levels import LEVELS, WAIVABLE
from gate.policy.rule import Evidence, Unrehearsed
from gate.policy.sections import BUDGETS, CAPS, SCOPE
from gate.policy.settings import Preset, Whereabouts
from gate.verdict import Decision
from sandbox.errors import ConfigurationError, SandtableError
from sandbox.rehearsal import ApplyOutcome, Gap, GapKind

THOUSAND = settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALIDATOR = Draft202012Validator(schemafile.document(), format_checker=FormatChecker(["date"]))

WORDS = st.sampled_from(
    ["a b", "why not", "x", "", " ", "null", "~", "off", "aws_x.y", "*", "aws_*", "pro?", "1", "é è"]
)
NUMBERS = st.sampled_from([0, 1, 40, 999_999_999, 1_000_000_000, -1, "7", "07", "x", None, True, 1.5])
NOTHING = st.sampled_from([None, "", "~", "null"])
ODD = st.sampled_from([None, True, 3, "x", [], {}, ["a"], {"a": "b"}, [[]], -2])
TYPES = st.sampled_from(["aws_vpc", "aws_ec2_*", "aws_*", "AWS::S3::Bucket", "AWS::S3::*", "x", "google_sql_*", "*"])
LISTS = st.lists(WORDS, max_size=3)
ACCOUNTS = st.lists(st.sampled_from(["123456789012", 123456789012, 99999999999, "12", "0" * 12, None]), max_size=2)
DAYS = st.dates(min_value=date(1000, 1, 1)).map(str) | st.sampled_from(
    ["2026-02-30", "tomorrow", "2026-1-1", None, 2026]
)
TAGS = st.dictionaries(WORDS, WORDS, max_size=2) | NOTHING | ODD


def records(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any of the keys, at times another one, at times something else altogether."""
    some = st.fixed_dictionaries({}, optional=parts)
    more = st.tuples(some, st.dictionaries(WORDS, ODD, min_size=1, max_size=1)).map(lambda two: {**two[1], **two[0]})
    return st.one_of(some, some, some, some, more, NOTHING, ODD)


def rows() -> st.SearchStrategy[Any]:
    return st.dictionaries(TYPES, WORDS, max_size=2) | NOTHING | ODD


LIMITS = {"addresses": LISTS, "accounts": ACCOUNTS, "regions": LISTS, "workspaces": LISTS, "tags": TAGS}
WAIVERS = st.fixed_dictionaries(
    {
        "rule": st.sampled_from([*WAIVABLE, "gap", "nonsense"]),
        "address": WORDS,
        "reason": WORDS,
        "author": WORDS,
        "expires": DAYS,
    },
)
SECTION: dict[str, st.SearchStrategy[Any]] = {
    "preset": st.sampled_from([*Preset, "lax", None]).map(lambda word: word and str(word)),
    "large_from": NUMBERS,
    "rules": st.dictionaries(st.sampled_from([*RULES, "x"]), st.sampled_from([*LEVELS, "maybe", None]), max_size=2)
    | NOTHING
    | ODD,
    "bookkeeping": rows(),
    "stateful": rows(),
    "unrehearsed": st.sampled_from([*Unrehearsed, "never"]).map(str),
    "protected": records(addresses=LISTS, tags=TAGS),
    "caps": records(**dict.fromkeys(CAPS, NUMBERS)),
    "scope": records(**{key: LIMITS[key] for key in SCOPE}),
    "budgets": records(**dict.fromkeys(BUDGETS, NUMBERS)),
    "waivers": st.lists(WAIVERS | ODD, max_size=2) | ODD,
}
MATCH = records(accounts=ACCOUNTS, regions=LISTS, workspaces=LISTS)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["prod", "dev-1", "", "a b", "-x", "A.b_c"]), records(**SECTION, match=MATCH), max_size=2
)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Mostly a few keys, so that many are valid as a whole."""
    keys = draw(st.sets(st.sampled_from(sorted(SECTION)), max_size=3))
    whole: dict[str, Any] = {key: draw(SECTION[key]) for key in sorted(keys)}
    if draw(st.integers(0, 3)) == 0:
        whole["environments"] = draw(ENVIRONMENTS | NOTHING | ODD)
    if draw(st.integers(0, 19)):
        whole["version"] = draw(st.sampled_from([1, 1, 1, 1, "1", "1", 2, None]))
    return whole


PLACE = Whereabouts(account="123456789012", region="a b", workspace="x")


def error_of(text: str, **given: Any) -> SandtableError | None:
    """The one error that a file leads to; anything else that is raised fails the test."""
    try:
        parse_policy(text, name="p", **given)
    except SandtableError as error:
        return error
    return None


def accepted(text: str) -> bool:
    try:
        read_policy(text, name="p")
    except ConfigurationError as error:
        # An unclear one is no refusal either: both answers would be wrong.
        return not is_clear(error)
    return True


def is_clear(error: SandtableError) -> bool:
    one_line = error.message.count("\n") == 0
    return one_line and "p" in error.message.split() and bool(error.hint)


@THOUSAND
@given(documents())
def test_the_schema_accepts_and_refuses_what_the_reader_does(document: Any) -> None:
    text = json.dumps(document)  # which is YAML
    assert accepted(text) == VALIDATOR.is_valid(document), text


@THOUSAND
@given(documents() | st.text(max_size=60), st.sampled_from(["", "prod", "nowhere"]), st.booleans())
def test_any_file_is_a_policy_or_one_clear_error(document: Any, environment: str, known: bool) -> None:  # noqa: FBT001 - generated
    text = document if isinstance(document, str) else json.dumps(document)
    place = PLACE if known else Whereabouts()
    error = error_of(text, place=place, environment=environment)
    assert error is None or is_clear(error)


UNKNOWN = Evidence(
    diff=StateDiff(
        changes=(
            ResourceChange(
                address="aws_vpc.a",
                type="aws_vpc",
                action=Action.UPDATE,
                proof=Proof.PROVED,
                lifespan=Lifespan.EXISTING,
            ),
        )
    ),
    gaps=(Gap(kind=GapKind.UNSUPPORTED, subject="aws_vpc.a", reason="the engine lacks it"),),
    outcome=ApplyOutcome(succeeded=True),
    calls=(),
    today="2026-11-25",
)


@THOUSAND
@given(documents())
def test_no_policy_lets_pass_what_is_not_known(document: Any) -> None:
    try:
        policy = parse_policy(json.dumps(document), name="p", place=PLACE, environment="")
    except ConfigurationError:
        return
    assert evaluate(UNKNOWN, policy).decision is not Decision.APPROVE


def test_the_shipped_schema_is_the_one_that_the_reader_makes() -> None:
    assert schemafile.FILE.read_text(encoding="utf-8") == schemafile.text(), "make docs writes it anew"
    Draft202012Validator.check_schema(json.loads(schemafile.text()))


@pytest.mark.parametrize("word", sorted(EMPTY))
def test_nothing_is_written_in_several_ways(word: str) -> None:
    document = {"version": 1, "rules": word, "caps": word, "environments": word}
    assert accepted(json.dumps(document))
    assert VALIDATOR.is_valid(document)
