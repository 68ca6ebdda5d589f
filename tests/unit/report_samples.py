"""Reports as the tests render them: one per situation a reader can be in. All of it is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from diffing.change import (
    Action,
    AttributeChange,
    Lifespan,
    Proof,
    Replacement,
    ResourceChange,
    StateDiff,
    Witness,
)
from diffing.snapshot import Identity
from diffing.values import Marker, freeze
from gate.opinion import Disagreement, SecondOpinion, Topic
from gate.report.model import Proposal, Report, Target
from gate.verdict import Decision, Finding, Level, Verdict
from sandbox.rehearsal import (
    ApiCall,
    ApplyOutcome,
    CallKind,
    ClonedObject,
    Cloning,
    Diagnostic,
    EngineInfo,
    Gap,
    GapKind,
    SourceLine,
    Timing,
)

ALL = frozenset(Witness)
PLAN = frozenset({Witness.PLAN})
SEEN = frozenset({Witness.CALLS, Witness.CLONE})

NASTIES = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07link",
    "gnp.\u202eexe",
    "zero\u200bwidth\ufeff\u2066",
    "[bold red]markup[/bold red] [link=http://evil.example]x[/link]",
    "`code` ``` fence\n```\nout",
    "a|b\\|c",
    "line\nbreak\r\ttab",
    "@everyone #1 https://evil.example www.evil.example",
    "{{ 7 * 7 }} {% raw %}",
    "<!-- --> --> <details>",
    "*bold* _it_ ~~s~~ $x$ ![i](http://evil.example/i.png) [l](javascript:alert(1))",
    "\x00\x07\x7f\x9b31m",
    "lone \ud800 surrogate",
    "\u3164\U000e0101hidden",
)


def change(address: str, action: Action, *, stakes: Mapping[str, int] | None = None, **more: object) -> ResourceChange:
    """A change with defaults that fit its action."""
    lifespans = {
        Action.CREATE: Lifespan.ADDED,
        Action.DELETE: Lifespan.DROPPED,
        Action.REPLACE: Lifespan.RECREATED,
    }
    before = MappingProxyType(dict(stakes or {}))
    base = ResourceChange(
        address=address,
        type=address.split("/" if "::" in address else ".", maxsplit=1)[0],
        action=action,
        proof=Proof.PROVED,
        lifespan=lifespans.get(action, Lifespan.EXISTING),
        witnesses=ALL,
        stakes_before=before,
        stakes_after=MappingProxyType(dict.fromkeys(before, 0)) if action is Action.REPLACE else MappingProxyType({}),
        replacement=Replacement.YES if action is Action.REPLACE else Replacement.NO,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # the keywords are fields of ResourceChange


def attribute(path: str, before: object, after: object, *, forces: bool = False) -> AttributeChange:
    """A changed attribute; dots separate the steps of its path."""
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    return AttributeChange(path=steps, before=freeze(before), after=freeze(after), forces_replacement=forces)


def call(sequence: int, what: str, **more: object) -> ApiCall:
    """A recorded call: ``service:Operation``."""
    service, name = what.split(":")
    reading = name.startswith(("Describe", "Get", "List"))
    base = ApiCall(
        sequence=sequence,
        phase="apply",
        service=service,
        operation=name,
        kind=CallKind.READ if reading else CallKind.WRITE,
        account="123456789012",
        region="cn-north-1",
        access_key_id="123456789012",
        status=200,
        at=40 + sequence * 0.25,
        latency=0.012,
        overhead=0.001,
        method="POST",
        path="/",
        agent="terraform-provider-aws",
    )
    return replace(base, **more)  # type: ignore[arg-type]  # the keywords are fields of ApiCall


def report(**more: object) -> Report:
    """An approved, empty report, with whatever is given instead."""
    base = Report(
        verdict=Verdict(decision=Decision.APPROVE, findings=(), policy="strict", policy_digest="9f2c" * 16),
        diff=StateDiff(changes=()),
        calls=(call(1, "sts:GetCallerIdentity", phase="baseline", at=1.5), call(2, "dynamodb:DescribeTable")),
        gaps=(),
        outcome=ApplyOutcome(succeeded=True),
        timings=(
            Timing(phase="clone", seconds=21.43, own=0.42),
            Timing(phase="plan", seconds=6.1, own=0.05),
            Timing(phase="apply", seconds=12.75, own=0.31),
            Timing(phase="judge", seconds=0.08, own=0.08),
        ),
        engine=EngineInfo(name="ministack", version="1.5.33"),
        target=Target(
            kind="git", source="git:main:infra/prod", account="123456789012", region="cn-north-1", resources=42
        ),
        proposal=Proposal(kind="terraform", source="infra/prod", digest="1b7e" * 16, terraform_version="1.11.4"),
        notices=(),
        isolation="bubblewrap",
        waits="shortened",
        tool_version="0.1.0",
        created_at="2026-02-03T04:05:06Z",
    )
    return replace(base, **more)  # type: ignore[arg-type]  # the keywords are fields of Report


def verdict(decision: Decision, *findings: Finding) -> Verdict:
    """A verdict of the strict policy."""
    return Verdict(decision=decision, findings=findings, policy="strict", policy_digest="9f2c" * 16)


def finding(rule: str, level: Level, address: str, message: str, remediation: str = "", **more: object) -> Finding:
    """A finding that was seen in the clone."""
    base = Finding(
        rule=rule, level=level, address=address, message=message, remediation=remediation, proof=Proof.PROVED
    )
    return replace(base, **more)  # type: ignore[arg-type]  # the keywords are fields of Finding


def reject() -> Report:
    """A corrected name that recreates a live table and its service, and deletes a bucket in passing."""
    table, service = "aws_dynamodb_table.cost_records", 'module.web["blue"].aws_ecs_service.api'
    beside = (
        "Leave name as it is. If it must change: create the new resource beside the old one, move data and traffic, "
        "and remove the old one in a later change that a person approves."
    )
    moved = (
        "Tell Terraform that it is the same resource, and nothing is deleted:\n"
        "moved {\n  from = aws_s3_bucket.exports\n  to   = aws_s3_bucket.cost_exports\n}"
    )
    changes = (
        change(
            table,
            Action.REPLACE,
            stakes={"items": 3},
            identity=Identity(
                account="123456789012", region="cn-north-1", type="AWS::DynamoDB::Table", id="cost-recrods"
            ),
            attributes=(
                attribute("billing_mode", "PROVISIONED", "PROVISIONED"),
                attribute("read_capacity", 5, 10),
                attribute("name", "cost-recrods", "cost-records", forces=True),
                attribute("arn", "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/cost-recrods", Marker.UNKNOWN),
            ),
            replace_paths=(("name",),),
            reason="replace_because_cannot_update",
            calls=(7, 9),
        ),
        change(
            service,
            Action.REPLACE,
            type="aws_ecs_service",
            witnesses=PLAN,
            proof=Proof.COMPUTED,
            causes=(table,),
            attributes=(attribute("network_configuration.0.subnets.1", "subnet-0aa1", "subnet-0bb2", forces=True),),
            replace_paths=(("network_configuration", 0, "subnets", 1),),
            reason="replace_because_cannot_update",
            disagreements=("the plan replaces it; no recorded call deletes it",),
        ),
        change("aws_s3_bucket.exports", Action.DELETE, stakes={"objects": 2, "bytes": 52480}, calls=(8,)),
        change("AWS::S3::Object/exports/2026/01.csv", Action.DELETE, owner="aws_s3_bucket.exports", witnesses=SEEN),
        change("AWS::S3::Object/exports/2026/02.csv", Action.DELETE, owner="aws_s3_bucket.exports", witnesses=SEEN),
        change("terraform_data.stamp", Action.REPLACE, witnesses=PLAN, reason="replace_by_triggers"),
        change(
            "aws_iam_role_policy.api",
            Action.UPDATE,
            attributes=(
                attribute(
                    "policy",
                    '{"Statement":[{"Action":"dynamodb:GetItem","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}',
                    '{"Statement":[{"Action":"dynamodb:*","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}',
                ),
            ),
        ),
        change("aws_s3_bucket.cost_exports", Action.CREATE, rename_of="aws_s3_bucket.exports"),
        change("aws_lb.front", Action.UPDATE, attributes=(attribute("tags.Team", Marker.ABSENT, "billing"),)),
        *(change(f"aws_subnet.private[{index}]", Action.NO_OP) for index in range(3)),
    )
    calls = (
        call(1, "sts:GetCallerIdentity", phase="baseline", at=0.4),
        call(2, "dynamodb:CreateTable", phase="baseline", at=1.1),
        call(3, "dynamodb:PutItem", phase="seed", at=22.0),
        call(4, "dynamodb:DescribeTable", phase="plan"),
        call(7, "dynamodb:DeleteTable", resources=("cost-recrods",), parameters=freeze({"TableName": "cost-recrods"})),
        call(8, "s3:DeleteBucket", status=409, error_code="BucketNotEmpty", error_message="The bucket is not empty"),
        call(9, "dynamodb:CreateTable", resources=("cost-records",)),
        call(10, "ce:GetCostAndUsage", status=501, unsupported=True),
    )
    return report(
        verdict=verdict(
            Decision.REJECT,
            finding(
                "resource-replaced",
                Level.REJECT,
                table,
                'is deleted and made anew: name changes from "cost-recrods" to "cost-records". At stake: items: 3',
                beside,
            ),
            finding(
                "resource-replaced", Level.REJECT, service, "is deleted and made anew", beside, proof=Proof.COMPUTED
            ),
            finding("plan-mismatch", Level.REVIEW, service, "the plan replaces it; no recorded call deletes it"),
            finding(
                "resource-deleted", Level.REJECT, "aws_s3_bucket.exports", "is deleted, and with it objects: 2", moved
            ),
            finding(
                "bookkeeping",
                Level.NOTE,
                "terraform_data.stamp",
                "replace of a bookkeeping resource: exists only in the state file",
            ),
            finding("access-widened", Level.REVIEW, "aws_iam_role_policy.api", "allows `dynamodb:*` on every resource"),
            finding("blast-radius", Level.REJECT, "", "destroys 3 of 42 resources (7 %); the policy allows 0"),
        ),
        diff=StateDiff(changes=changes, noise=(change("aws_lb.front", Action.UPDATE),)),
        calls=calls,
        gaps=(
            Gap(
                kind=GapKind.UNREADABLE,
                subject="cloudwatch:ListMetrics",
                reason="the read timed out",
                blocking=False,
            ),
        ),
        clone=Cloning(
            lineage="5d2c",
            serial=7,
            newest_serial=7,
            objects=(
                ClonedObject(address=table, type="aws_dynamodb_table", standing="cloned", differing=("ttl",)),
                ClonedObject(address="aws_lb.front", type="aws_lb", standing="gap", reason="the engine lacks it"),
                ClonedObject(address="aws_sqs_queue.jobs", type="aws_sqs_queue", standing="cloned"),
            ),
        ),
        dependencies={
            service: (table, "aws_iam_role_policy.api"),
            "aws_iam_role_policy.api": (table,),
            "aws_cloudwatch_metric_alarm.errors": (service,),
        },
        locations={
            table: SourceLine(file="infra/prod/data.tf", line=12),
            service: SourceLine(file="infra/modules/web/main.tf", line=3),
        },
    )


def approve_empty() -> Report:
    """A change that changes nothing."""
    return report()


def review_gaps() -> Report:
    """Nothing destructive, and two things that are not known."""
    missing = Gap(
        kind=GapKind.UNSUPPORTED, subject="ce:CreateAnomalyMonitor", reason="the engine does not implement it"
    )
    other = Gap(kind=GapKind.NOT_REHEARSED, subject="registry.terraform.io/datadog/datadog", reason="another provider")
    remediation = "A person checks this part by other means, or rehearses it on an engine that carries it."
    return report(
        verdict=verdict(
            Decision.REVIEW,
            *(
                finding(
                    "gap",
                    Level.REVIEW,
                    gap.subject,
                    f"not proved ({gap.kind.value}): {gap.reason}",
                    remediation,
                    proof=Proof.UNKNOWN,
                )
                for gap in (missing, other)
            ),
        ),
        diff=StateDiff(changes=(change("aws_sqs_queue.jobs", Action.CREATE), change("aws_sns_topic.t", Action.FORGET))),
        gaps=(missing, other),
        notices=("the clone holds 40 of 42 resources",),
    )


def failed_apply() -> Report:
    """AWS refuses half way."""
    detail = (
        "operation error EC2: DeleteSecurityGroup, https response error StatusCode: 400, RequestID: 7f0c, api error "
        "DependencyViolation: resource sg-0123456789abcdef0 has a dependent object"
    )
    address = "aws_security_group.web"
    return report(
        verdict=verdict(
            Decision.REVIEW,
            finding(
                "apply-failed",
                Level.REVIEW,
                address,
                f"the apply fails half way (main.tf:12): deleting Security Group (sg-0123456789abcdef0): {detail}",
                "In production it would stop at the same place, with what came before already done.",
            ),
        ),
        diff=StateDiff(changes=(change("aws_sqs_queue.jobs", Action.CREATE),)),
        outcome=ApplyOutcome(
            succeeded=False,
            applied=("aws_sqs_queue.jobs",),
            failed=(address,),
            diagnostics=(
                Diagnostic(
                    severity="error",
                    summary="deleting Security Group (sg-0123456789abcdef0)",
                    detail=detail,
                    address=address,
                    filename="main.tf",
                    line=12,
                ),
                Diagnostic(severity="warning", summary="Argument is deprecated", detail="Use another one."),
            ),
        ),
    )


def second_opinion() -> Report:
    """Approved by one engine, disputed by another."""
    return replace(
        review_gaps(),
        second_opinion=SecondOpinion(
            engine=EngineInfo(name="moto", version="5.2.5"),
            decision=Decision.REJECT,
            disagreements=(
                Disagreement(
                    address="aws_dynamodb_table.orders",
                    topic=Topic.ACTION,
                    first="update",
                    second="replace (lost: items: 3)",
                    blocking=True,
                ),
                *(
                    Disagreement(
                        address=f"aws_sns_topic.t{number}",
                        topic=Topic.CHANGE,
                        first="update",
                        second="nothing",
                        blocking=False,
                    )
                    for number in range(30)
                ),
            ),
        ),
    )


def secrets() -> Report:
    """Secret, unknown and absent values stand as markers; one real object looks like a marker."""
    return report(
        verdict=verdict(Decision.REVIEW, finding("secret-rotated", Level.REVIEW, "aws_db_instance.main", "new secret")),
        diff=StateDiff(
            changes=(
                change(
                    "aws_db_instance.main",
                    Action.UPDATE,
                    attributes=(
                        attribute("password", Marker.SENSITIVE, Marker.SENSITIVE),
                        attribute("endpoint", "db.example", Marker.UNKNOWN),
                        attribute("tags.Owner", Marker.ABSENT, "ops"),
                        attribute("settings", {"marker": "sensitive"}, {"user": "app", "key": Marker.SENSITIVE}),
                    ),
                ),
            )
        ),
    )


def unicode() -> Report:
    """Names in several scripts, wide and combining."""
    return report(
        diff=StateDiff(
            changes=(
                change('aws_s3_bucket.b["数据湖-生产"]', Action.CREATE),
                change("aws_iam_user.zoë", Action.UPDATE, attributes=(attribute("tags.Grüße", "καλημέρα", "🚀"),)),
            )
        )
    )


def long() -> Report:
    """Names, values and lists far longer than anything that shows them."""
    name = "-".join(["a-rather-long-part-of-a-name"] * 20)
    items = {f"key-{index:03}": "v" * 90 for index in range(300)}
    address = f'module.{"m" * 60}["{name}"].aws_ssm_parameter.{"p" * 90}'
    return report(
        verdict=verdict(
            Decision.REJECT,
            finding("resource-replaced", Level.REJECT, address, f"is made anew: {name}", f"Leave it. {name} " * 9),
        ),
        diff=StateDiff(
            changes=(
                change(
                    address,
                    Action.REPLACE,
                    type="aws_ssm_parameter",
                    stakes={"versions of " + "w" * 200: 12},
                    attributes=(
                        attribute("name", name, f"{name}-corrected", forces=True),
                        attribute("value", "x" * 6_000, "x" * 5_999 + "y"),
                        attribute("tags", items, {**items, "key-150": "changed"}),
                        attribute("description", "\n".join(["one line"] * 500), "another"),
                    ),
                    causes=tuple(f"aws_thing.cause_{index}" for index in range(60)),
                    dependents=tuple(f"aws_thing.dependent_{index}" for index in range(60)),
                    replace_paths=(("name",),),
                ),
            )
        ),
        notices=("n" * 400,),
        dependencies={f"aws_thing.dependent_{index}": (address,) for index in range(60)},
    )


def many() -> Report:
    """Two thousand changes, of which two hundred destroy."""
    deleted = tuple(
        change(f"aws_dynamodb_table.t[{index}]", Action.DELETE, stakes={"items": 1}) for index in range(200)
    )
    created = tuple(change(f"aws_sqs_queue.q[{index}]", Action.CREATE) for index in range(1000))
    updated = tuple(
        change(f"aws_lambda_function.f[{index}]", Action.UPDATE, attributes=(attribute("memory_size", 128, 256),))
        for index in range(800)
    )
    return report(
        verdict=verdict(
            Decision.REJECT,
            *(
                finding("resource-deleted", Level.REJECT, item.address, "is deleted, and with it items: 1")
                for item in deleted
            ),
        ),
        diff=StateDiff(changes=(*deleted, *updated, *created)),
        calls=tuple(call(index, "dynamodb:DeleteTable") for index in range(1, 201)),
    )


def hostile() -> Report:
    """Every text field that somebody else writes holds one of the nasties, and all of them occur."""
    many = " ".join(NASTIES)
    changes = tuple(
        change(
            f"aws_s3_bucket.{nasty}",
            action,
            type=nasty,
            reason=nasty,
            identity=Identity(account=nasty, region=nasty, type=nasty, id=nasty),
            attributes=(attribute("tags", {nasty: nasty}, nasty, forces=True), attribute("x", nasty, many)),
            causes=(nasty,),
            disagreements=(nasty,),
            previous_address=nasty,
            rename_of=nasty,
            stakes_before=MappingProxyType({nasty: 2}),
            calls=(1,),
        )
        for nasty in NASTIES
        for action in (Action.REPLACE, Action.UPDATE)
    )
    return report(
        verdict=Verdict(
            decision=Decision.REJECT,
            findings=(
                *(
                    finding(nasty, Level.REJECT, f"aws_s3_bucket.{nasty}", nasty, f"{nasty}\nmoved {{\n  {nasty}\n}}")
                    for nasty in NASTIES
                ),
                finding("general", Level.REVIEW, "", many, many),
            ),
            policy=many,
            policy_digest=many,
        ),
        diff=StateDiff(changes=changes, noise=changes[:1]),
        calls=(
            call(
                1,
                "s3:PutObject",
                phase=many,
                service=many,
                operation=many,
                error_code=many,
                error_message=many,
                path=many,
                agent=many,
                resources=(many,),
                parameters=freeze({many: many}),
            ),
        ),
        gaps=(Gap(kind=GapKind.UNIDENTIFIED, subject=many, reason=many),),
        outcome=ApplyOutcome(
            succeeded=False,
            failed=(many,),
            diagnostics=(Diagnostic(severity=many, summary=many, detail=many, address=many, filename=many, line=1),),
        ),
        timings=(Timing(phase=many, seconds=1.0, own=0.5),),
        engine=EngineInfo(name=many, version=many),
        target=Target(kind=many, source=many, account=many, region=many, resources=1),
        proposal=Proposal(kind=many, source=many, digest=many, terraform_version=many),
        notices=(many,),
        second_opinion=SecondOpinion(
            engine=EngineInfo(name=many, version=many),
            decision=None,
            problem=many,
            disagreements=(Disagreement(address=many, topic=Topic.STAKES, first=many, second=many, blocking=True),),
        ),
        isolation=many,
        waits=many,
        tool_version=many,
        created_at=many,
        clone=Cloning(objects=(ClonedObject(address=many, type=many, standing=many, reason=many, unknown=(many,)),)),
        dependencies={
            many: tuple(item.address for item in changes),
            **{nasty: (f"aws_s3_bucket.{nasty}",) for nasty in NASTIES},
        },
        locations={f"aws_s3_bucket.{nasty}": SourceLine(file=f"{nasty}/main.tf", line=1) for nasty in NASTIES},
    )


GOLDEN: Mapping[str, Callable[[], Report]] = {
    "reject": reject,
    "approve-empty": approve_empty,
    "review-gaps": review_gaps,
    "failed-apply": failed_apply,
    "secrets": secrets,
    "unicode": unicode,
    "long": long,
}
"""What the golden files are made from."""

SAMPLES: Mapping[str, Callable[[], Report]] = {
    **GOLDEN,
    "many": many,
    "hostile": hostile,
    "second-opinion": second_opinion,
}
