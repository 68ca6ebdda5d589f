"""A large report: two thousand changes in fifty modules, with what a real rehearsal of them would leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from report_samples import attribute, call, change, finding, report, verdict

from diffing.change import Action, ResourceChange, Reversibility, StateDiff
from diffing.snapshot import Identity
from gate.report.model import Report
from gate.verdict import Decision, Finding, Level
from sandbox.rehearsal import ApiCall, ClonedObject, Cloning, Gap, GapKind, SourceLine

MODULES, IN_EACH = 50, 40
ACCOUNT = "123456789012"
TYPES = (
    "dynamodb_table",
    "s3_bucket",
    "iam_role",
    "iam_role_policy",
    "lambda_function",
    "sqs_queue",
    "sns_topic",
    "lb",
)
ACTIONS = (Action.REPLACE, Action.UPDATE, Action.CREATE, Action.UPDATE, Action.DELETE, Action.CREATE, Action.UPDATE)
REMEDY = (
    "Leave name as it is. If it must change: make the new resource beside it, move data and traffic, let writers write "
    "to both, then switch the readers, and remove the old one in a later change that a person approves."
)


def large(modules: int = MODULES) -> Report:
    """Forty changes in each module; of all, one in seven is deleted and one in seven made anew."""
    changes = tuple(_change(index) for index in range(modules * IN_EACH))
    addresses = [item.address for item in changes]
    return report(
        verdict=verdict(Decision.REJECT, *_findings(changes)),
        diff=StateDiff(changes=changes, noise=changes[:3]),
        calls=tuple(_calls(changes)),
        gaps=tuple(
            Gap(kind=GapKind.UNREADABLE, subject=f"service{index}", reason="the read timed out", blocking=False)
            for index in range(60)
        ),
        clone=Cloning(
            objects=tuple(
                ClonedObject(
                    address=item, type="aws", standing="cloned", differing=("tags_all",) if not index % 9 else ()
                )
                for index, item in enumerate(addresses)
            )
        ),
        dependencies={
            item: tuple(addresses[number] for number in _needed(index))
            for index, item in enumerate(addresses)
            if _needed(index)
        },
        locations={
            item: SourceLine(file=f"infra/modules/service-{index // IN_EACH}/main.tf", line=index % IN_EACH * 14 + 1)
            for index, item in enumerate(addresses)
        },
    )


def _change(index: int) -> ResourceChange:
    module, place = divmod(index, IN_EACH)
    kind, action = TYPES[place % len(TYPES)], ACTIONS[index % len(ACTIONS)]
    name, corrected = f"service-{module}-prd-{place}", f"service-{module}-prod-{place}"
    made = change(
        f'module.service["{module}"].aws_{kind}.{kind}_{place}',
        action,
        type=f"aws_{kind}",
        stakes={"items": place * 7 + 1} if kind == "dynamodb_table" and action.destroys else None,
        identity=Identity(account=ACCOUNT, region="eu-central-1", type=f"AWS::{kind}", id=name),
        attributes=tuple(_attributes(name, corrected, forces=action is Action.REPLACE)),
        calls=(index * 3 + 1, index * 3 + 2),
        reversibility=Reversibility.IRREVERSIBLE if action.destroys else Reversibility.REVERSIBLE,
    )
    if action is Action.REPLACE:
        made = replace(made, replace_paths=(("name",),), reason="replace_because_cannot_update")
    return made


def _attributes(name: str, corrected: str, *, forces: bool) -> Iterator[object]:
    yield attribute("name", name, corrected, forces=forces)
    yield attribute(
        "arn", f"arn:aws:x:eu-central-1:{ACCOUNT}:thing/{name}", f"arn:aws:x:eu-central-1:{ACCOUNT}:{corrected}"
    )
    yield attribute("tags.Environment", "prd", "prod")
    yield attribute("tags.Owner", "team-a@example.com", "team-b@example.com")
    yield attribute("timeout", 30, 60)
    yield attribute("policy", _policy(name, "GetItem"), _policy(corrected, "Query"))


def _policy(name: str, action: str) -> str:
    statement = {"Effect": "Allow", "Action": f"dynamodb:{action}", "Resource": f"arn:aws:dynamodb:*:*:table/{name}"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _findings(changes: tuple[ResourceChange, ...]) -> Iterator[Finding]:
    for item in changes:
        if item.action.destroys:
            rule = "resource-replaced" if item.action is Action.REPLACE else "resource-deleted"
            yield finding(rule, Level.REJECT, item.address, f"is {item.action.value}d. At stake: items", REMEDY)
    yield finding("environment-destroyed", Level.REJECT, "", "a quarter of what Terraform manages is destroyed", REMEDY)


def _calls(changes: tuple[ResourceChange, ...]) -> Iterator[ApiCall]:
    for index, item in enumerate(changes):
        name = f"service-{index // IN_EACH}-prd-{index % IN_EACH}"
        for offset, what in enumerate(("dynamodb:DescribeTable", "dynamodb:DeleteTable", "dynamodb:CreateTable")):
            yield call(
                index * 3 + offset,
                what,
                phase="plan" if offset == 0 else "apply",
                resources=(name, f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/{name}"),
                at=20 + (index + 300 * bool(offset)) / 25,
                status=400 if index % 50 == 0 else 200,
                error_code="ResourceInUseException" if index % 50 == 0 and item else "",
            )


def _needed(index: int) -> tuple[int, ...]:
    """Within its module, each but the first needs one or two of those before it."""
    place = index % IN_EACH
    return tuple(sorted({index - place + (place - 1) // 2, index - (place + 1) // 2})) if place else ()
