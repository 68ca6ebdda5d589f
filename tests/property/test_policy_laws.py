"""Laws of the policy: the verdict is monotone, and depends on what happened, not on how it was listed or written."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diffing.change import Action, AttributeChange, Lifespan, Proof, ResourceChange, StateDiff, Witness
from diffing.values import Marker
from gate.policy.access import covers, grants, widened
from gate.policy.config import STRICT, parse_policy
from gate.policy.evaluate import RULES, evaluate
from gate.policy.levels import FIXED, NOT_LOWERED
from gate.policy.rule import Evidence
from gate.policy_source import Policies, stricter
from gate.verdict import Decision, Finding, Level, decide
from sandbox.errors import ConfigurationError
from sandbox.rehearsal import ApplyOutcome, Gap, GapKind

LAW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A law holds on a busy machine as well: no example is judged by its time."""

WEIGHT = {Decision.APPROVE: 0, Decision.REVIEW: 1, Decision.REJECT: 2}
TYPES = (
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ecs_task_definition",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_s3_bucket",
    "aws_security_group",
    "aws_vpc_security_group_ingress_rule",
    "terraform_data",
    "AWS::EC2::NetworkInterface",
)
NAMES = (
    "policy",
    "role",
    "policy_arn",
    "cidr_ipv4",
    "ingress",
    "acl",
    "deletion_protection",
    "retention_in_days",
    "name",
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 400),
    st.sampled_from(list(Marker)),
    st.sampled_from(
        ["a", "0.0.0.0/0", "10.0.0.0/8", "public-read", "{", '{"Statement": {"Effect": "Allow", "Action": "*"}}']
    ),
    st.text(max_size=8),
)
ADDRESSES = st.sampled_from([f"{type_}.{name}" for type_ in TYPES for name in "ab"])
COUNTS = st.dictionaries(st.sampled_from(["items", "objects", "tasks"]), st.integers(0, 3))

attributes = st.builds(
    AttributeChange,
    path=st.tuples(st.sampled_from(NAMES))
    | st.tuples(st.sampled_from(NAMES), st.integers(0, 2), st.sampled_from(NAMES)),
    before=VALUES,
    after=VALUES,
    forces_replacement=st.booleans(),
)


@st.composite
def changes(draw: st.DrawFn) -> ResourceChange:
    address = draw(ADDRESSES)
    return draw(
        st.builds(
            ResourceChange,
            address=st.just(address),
            type=st.just(address.rsplit(".", 1)[0]),
            action=st.sampled_from(list(Action)),
            proof=st.sampled_from(list(Proof)),
            lifespan=st.sampled_from(list(Lifespan)),
            attributes=st.lists(attributes, max_size=3).map(tuple),
            witnesses=st.frozensets(st.sampled_from(list(Witness))),
            owner=st.just("") | ADDRESSES,
            rename_of=st.just("") | ADDRESSES,
            stakes_before=COUNTS,
            stakes_after=COUNTS,
            calls=st.lists(st.integers(0, 9), max_size=1).map(tuple),
            effect_kept=st.booleans(),
        )
    )


gaps = st.builds(
    Gap,
    kind=st.sampled_from(list(GapKind)),
    subject=st.text(max_size=5),
    reason=st.text(max_size=5),
    blocking=st.booleans(),
)
policies = st.dictionaries(
    st.sampled_from(sorted(RULES.keys() - NOT_LOWERED - FIXED)), st.sampled_from(["reject", "review", "note", "off"])
).map(lambda rules: parse_policy(json.dumps({"version": 1, "rules": rules}), name="p"))


def evidence(
    found: list[ResourceChange], *, missing: list[Gap] | None = None, outcome: ApplyOutcome | None = None
) -> Evidence:
    return Evidence(
        diff=StateDiff(changes=tuple(found)),
        gaps=tuple(missing or ()),
        outcome=outcome or ApplyOutcome(succeeded=True),
        calls=(),
    )


findings = st.builds(
    Finding,
    rule=st.sampled_from(sorted(RULES)),
    level=st.sampled_from(list(Level)),
    address=st.text(max_size=3),
    message=st.text(max_size=3),
    proof=st.just(Proof.PROVED),
)


@LAW
@given(st.lists(findings), findings)
def test_another_finding_never_makes_the_decision_milder(some: list[Finding], another: Finding) -> None:
    assert WEIGHT[decide([*some, another])] >= WEIGHT[decide(some)]


@LAW
@given(st.lists(changes(), max_size=5), st.lists(gaps, max_size=3), policies, st.randoms(use_true_random=False))
def test_the_verdict_does_not_depend_on_the_order_of_the_evidence(
    found: list[ResourceChange], missing: list[Gap], policy: Any, random: Any
) -> None:
    verdict = evaluate(evidence(found, missing=missing), policy)
    assert verdict == evaluate(evidence(found, missing=missing), policy)
    random.shuffle(found)
    random.shuffle(missing)
    assert evaluate(evidence(found, missing=missing), policy) == verdict


@LAW
@given(st.lists(changes(), max_size=4), changes(), st.sampled_from([Action.DELETE, Action.REPLACE]))
def test_another_destruction_never_makes_the_decision_milder(
    found: list[ResourceChange], change: ResourceChange, action: Action
) -> None:
    destructive = ResourceChange(
        address=change.address,
        type=change.type,
        action=action,
        proof=change.proof,
        lifespan=change.lifespan,
        owner=change.owner,
        attributes=change.attributes,
        stakes_before=change.stakes_before,
    )
    before = evaluate(evidence(found), STRICT).decision
    assert WEIGHT[evaluate(evidence([*found, destructive]), STRICT).decision] >= WEIGHT[before]


@LAW
@given(st.lists(changes(), max_size=5))
def test_a_table_that_is_destroyed_is_always_rejected(found: list[ResourceChange]) -> None:
    stateful = ("aws_db_instance", "aws_dynamodb_table", "aws_s3_bucket")
    destroyed = [item for item in found if item.type in stateful and item.action.destroys]
    if destroyed:
        assert evaluate(evidence(found), STRICT).decision is Decision.REJECT


@LAW
@given(st.lists(changes(), max_size=4), st.builds(ApplyOutcome, succeeded=st.booleans()), st.lists(gaps, max_size=2))
def test_what_is_not_known_is_never_approved(
    found: list[ResourceChange], outcome: ApplyOutcome, missing: list[Gap]
) -> None:
    off = {"version": 1, "rules": dict.fromkeys(RULES.keys() - NOT_LOWERED - FIXED, "off")}
    policy = parse_policy(json.dumps(off), name="p")
    decision = evaluate(evidence(found, missing=missing, outcome=outcome), policy).decision
    unknown = (
        not outcome.succeeded
        or any(gap.blocking for gap in missing)
        or any(item.proof is Proof.UNKNOWN for item in found)
    )
    assert not unknown or decision is not Decision.APPROVE


@LAW
@given(st.lists(changes(), max_size=4), policies, policies)
def test_of_two_policies_the_stricter_holds(found: list[ResourceChange], asked: Any, standing: Any) -> None:
    both = Policies(asked=asked, standing=standing).judge(evidence(found))
    single = [evaluate(evidence(found), policy) for policy in (asked, standing)]
    assert WEIGHT[both.decision] == max(WEIGHT[verdict.decision] for verdict in single)
    told = {(item.rule, item.address, item.message) for item in both.findings}
    assert {(item.rule, item.address, item.message) for verdict in single for item in verdict.findings} <= told
    joined = stricter(single[0].findings, single[1].findings)
    assert set(joined) == set(stricter(single[1].findings, single[0].findings))


# What documents grant

texts = st.sampled_from(
    ["*", "s3:*", "s3:Get*", "s3:Get?", "S3:GetObject", "s3:PutObject", "iam:*", "${aws:username}", "a,b"]
)
one_or_more = texts | st.lists(texts, min_size=1, max_size=3)
principals = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": "123456789012"},
        {"AWS": ["arn:aws:iam::123456789012:root"]},
        {"Service": "ec2.amazonaws.com"},
    ]
)
condition_values = st.sampled_from(["a", "b", "*"])
conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotLike", "Bool", "Null", "ForAnyValue:StringLike"]),
    st.dictionaries(
        st.sampled_from(["aws:SourceArn", "k"]), condition_values | st.lists(condition_values, max_size=2), max_size=2
    ),
    max_size=2,
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Action": one_or_more,
        "NotAction": one_or_more,
        "Resource": one_or_more,
        "NotResource": one_or_more,
        "Principal": principals,
        "NotPrincipal": principals,
        "Condition": conditions,
        "Sid": st.text(max_size=3),
    },
)
documents = st.lists(statements, max_size=3)


def read(found: list[dict[str, Any]]) -> Any:
    return grants(json.dumps({"Version": "2012-10-17", "Statement": found}))


@LAW
@given(documents)
def test_a_document_grants_no_more_than_itself(found: list[dict[str, Any]]) -> None:
    assert widened(read(found), read(found)) == ()


def rewritten(statement: dict[str, Any], random: Any) -> dict[str, Any]:
    """The same statement, written otherwise."""
    items = list(statement.items())
    random.shuffle(items)
    result = dict(items)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in result:
            values = result[name] if isinstance(result[name], list) else [result[name]]
            result[name] = [*random.sample(values, len(values)), values[0]]
    result["Sid"] = "other"
    return result


@LAW
@given(documents, st.randoms(use_true_random=False))
def test_order_and_way_of_writing_do_not_count(found: list[dict[str, Any]], random: Any) -> None:
    others = [rewritten(statement, random) for statement in found]
    random.shuffle(others)
    assert read(others) == read(found)


@LAW
@given(documents, statements)
def test_a_further_allow_is_found_unless_it_is_covered(found: list[dict[str, Any]], further: dict[str, Any]) -> None:
    allowed = further | {"Effect": "Allow"}
    before, added = read(found), read([allowed])
    gained = {grant for grant in widened(before, read([*found, allowed])) if grant.effect == "Allow"}
    assert gained == {grant for grant in added if not any(covers(old, grant) for old in before)}


@LAW
@given(documents, statements)
def test_taking_an_allow_away_grants_nothing(found: list[dict[str, Any]], other: dict[str, Any]) -> None:
    assert widened(read([*found, other | {"Effect": "Allow"}]), read(found)) == ()
    assert widened(read(found), read([*found, other | {"Effect": "Deny"}])) == ()


@LAW
@given(documents, documents, documents)
def test_covering_is_transitive(
    first: list[dict[str, Any]], second: list[dict[str, Any]], third: list[dict[str, Any]]
) -> None:
    for a in read(first):
        for b in read(second):
            for c in read(third):
                assert not (covers(a, b) and covers(b, c)) or covers(a, c)


@LAW
@given(st.text(max_size=40) | st.builds(lambda text: '{"Statement": ' + text, st.text(max_size=40)))
@example('{"Statement": ' + "[" * 100_000)
def test_no_text_crashes_the_reader_of_documents(text: str) -> None:
    try:
        found = grants(text)
    except ValueError:
        return
    assert found is None or widened(found, found) == ()


# The policy file

yaml_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["reject", "off", "gap", "link-removed"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "rules", "bookkeeping", "gap", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@LAW
@given(
    st.text()
    | st.text(alphabet="version: 1\nrules{}[]&*!|>-?'\"#%@,", max_size=60)
    | yaml_like.map(json.dumps)
    | st.builds(lambda rules: json.dumps({"version": 1, "rules": rules}), yaml_like)
    | st.builds(lambda rows: json.dumps({"version": 1, "bookkeeping": rows}), yaml_like)
)
@example("!!timestamp x: 1")
@example("!!int x")
@example("? {a: 1}\n: 2")
@example("\ud800")
@example("version: 1\nrules: !!python/object/apply:os.getcwd []")
def test_no_text_crashes_the_reader_of_policies(text: str) -> None:
    assert rules_set_by(text) <= RULES.keys()


def rules_set_by(text: str) -> set[str]:
    """The rules that a policy of that text sets; any error but the one that it may raise goes through."""
    try:
        return set(parse_policy(text, name="p").levels)
    except ConfigurationError:
        return set()
