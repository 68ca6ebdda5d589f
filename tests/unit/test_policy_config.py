from __future__ import annotations

import hashlib

import pytest

from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.config import MOST_CHARACTERS, STRICT, parse_policy
from gate.policy.evaluate import RULES
from gate.policy.levels import FIXED, NOT_LOWERED
from gate.verdict import Level
from sandbox.errors import ConfigurationError

WHOLE = """\
version: 1
rules:
  resource-forgotten: reject
  link-removed: off
  access-widened: note
  gap: reject
bookkeeping:
  aws_cloudwatch_log_metric_filter: counts log lines; the lines
    and the metrics stay
  aws_codestar_*: none of it exists
"""


def test_a_policy_is_read_as_it_is_written() -> None:
    policy = parse_policy(WHOLE, name="sandtable.yaml")
    assert policy.name == "sandtable.yaml"
    assert policy.digest == hashlib.sha256(WHOLE.encode()).hexdigest()
    assert policy.levels == {
        "resource-forgotten": Level.REJECT,
        "link-removed": None,
        "access-widened": Level.NOTE,
        "gap": Level.REJECT,
    }
    assert policy.bookkeeping["aws_cloudwatch_log_metric_filter"] == Bookkeeping(
        kind=Kind.VOUCHED, reason="counts log lines; the lines and the metrics stay"
    )


@pytest.mark.parametrize(
    "text", ["version: 1", "version: 1\nrules:\nbookkeeping: null", "{version: 1, rules: {}}", '"version": "1"']
)
def test_nothing_but_the_version_changes_nothing(text: str) -> None:
    policy = parse_policy(text, name="p")
    assert (policy.levels, policy.bookkeeping) == (STRICT.levels, STRICT.bookkeeping) == ({}, {})


@pytest.mark.parametrize("word", ["off", "'off'", '"off"'])
def test_off_is_a_word_and_no_boolean(word: str) -> None:
    assert parse_policy(f"version: 1\nrules: {{link-removed: {word}}}", name="p").levels == {"link-removed": None}


@pytest.mark.parametrize("rule", sorted(NOT_LOWERED))
@pytest.mark.parametrize("word", ["note", "off"])
def test_what_is_not_known_stays_with_a_person(rule: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be set below review"):
        parse_policy(f"version: 1\nrules: {{{rule}: {word}}}", name="p")
    assert parse_policy(f"version: 1\nrules: {{{rule}: review}}", name="p").levels == {rule: Level.REVIEW}


@pytest.mark.parametrize("rule", sorted(RULES.keys() - NOT_LOWERED - FIXED))
def test_every_other_rule_is_a_teams_to_decide(rule: str) -> None:
    assert parse_policy(f"version: 1\nrules: {{{rule}: note}}", name="p").levels == {rule: Level.NOTE}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not a mapping"),
        ("- version: 1", "it is not a mapping"),
        ("rules: {}", "`version: 1` is missing"),
        ("version: 2", "`version: 1` is missing"),
        ("version: 1.0", "`version: 1` is missing"),
        ("version: [1]", "`version: 1` is missing"),
        ("version: 2024-99-99", "`version: 1` is missing"),
        ("version: 1\nrule: {}", "unknown key 'rule'; known are version, rules, bookkeeping"),
        ("version: 1\n<<: {rules: {}}", "unknown key '<<'"),
        ("version: 1\nrules: [gap]", "rules is not a mapping"),
        ("version: 1\nrules: off", "rules is not a mapping"),
        ("version: 1\nrules: {gaps: reject}", "unknown rule 'gaps'; known are resource-deleted"),
        ("version: 1\nrules: {gap: maybe}", "rules.gap is 'maybe'; allowed are reject, review, note, off"),
        ("version: 1\nrules: {link-removed: false}", "rules.link-removed is 'false'"),
        ("version: 1\nrules: {link-removed: OFF}", "rules.link-removed is 'OFF'"),
        ("version: 1\nrules: {link-removed: [note]}", "rules.link-removed is ['note']"),
        ("version: 1\nrules: {link-removed: }", "rules.link-removed is ''"),
        ("version: 1\nbookkeeping: x y", "bookkeeping is not a mapping"),
        ("version: 1\nbookkeeping: {aws_vpc: }", "bookkeeping.'aws_vpc' needs a reason in words"),
        ("version: 1\nbookkeeping: {aws_vpc: true}", "bookkeeping.'aws_vpc' needs a reason in words"),
        ("version: 1\nbookkeeping: {aws_vpc: [a, b]}", "bookkeeping.'aws_vpc' needs a reason in words"),
        ("version: 1\nbookkeeping: {AwsVpc: it is harmless}", "is not a resource type"),
        ("version: 1\nbookkeeping: {aws_*_policy: it is harmless}", "is not a resource type"),
        ("version: 1\nrules: {gap: review}\nrules: {gap: reject}", "a key is there twice (line 1, column 1)"),
        ("version: 1\nrules: {link-removed: review, link-removed: off}", "a key is there twice (line 2, column 8)"),
        ("version: 1\nrules: {link-removed: &a note, gap: *a}", "an alias is not allowed"),
        ("version: 1\n? [a]\n: b", "found unhashable key (line 2, column 3)"),
        ("version: 1\nrules: {", "(line 2, column 9)"),
        ("version: 1\n---\nversion: 1", "but found another document (line 2, column 1)"),
        ("version: 1\x00", "it is not YAML text"),
        ("version: 1\nrules: " + "[" * 3000, "it is not YAML text, or nested too deeply"),
        ("version: 1 #" + "x" * MOST_CHARACTERS, f"it is longer than {MOST_CHARACTERS} characters"),
    ],
)
def test_a_policy_that_is_not_valid_says_what_and_where(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_policy(text, name="team.yaml")
    assert raised.value.message.startswith("The policy team.yaml is not valid: ")
    assert problem in raised.value.message
    assert len(raised.value.message) < 500
    assert raised.value.hint == "docs/policy.md describes the file."


@pytest.mark.parametrize(
    "pattern", ["*", "**", "a*", "aw*", "aws*", "aws_*", "aws_d*", "AWS*", "AWS::*", "AWS::S3*", "r*", "aws_x_**"]
)
def test_a_pattern_must_name_a_whole_service(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="would excuse too much"):
        parse_policy(f"version: 1\nbookkeeping: {{'{pattern}': it is harmless}}", name="p")


@pytest.mark.parametrize(
    "pattern", ["aws_codestar_*", "aws_cloudwatch_log_*", "datadog_*", "AWS::CodeStar::*", "AWS::Logs::Log*"]
)
def test_patterns_that_name_a_service(pattern: str) -> None:
    policy = parse_policy(f"version: 1\nbookkeeping: {{'{pattern}': it is harmless}}", name="p")
    assert list(policy.bookkeeping) == [pattern]


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(ConfigurationError, match="an alias is not allowed"):
        parse_policy("version: 1\nrules:\n  " + "\n  ".join(lines), name="p")


def test_the_message_does_not_quote_the_file() -> None:
    # Whoever writes a change can make the policy a link to, or a copy of, anything.
    with pytest.raises(ConfigurationError) as raised:
        parse_policy('aws_secret_access_key = "wJalrXUtnFEMI\n[default', name="p")
    assert "wJalrXUtnFEMI" not in raised.value.message
