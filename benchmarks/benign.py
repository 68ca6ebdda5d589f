"""Rehearse changes that are known to be harmless, and tell which of them are not approved, and why.

    python benchmarks/benign.py [--edit NAME] [--modules FOLDER] [--out docs/benign.md]

Twenty-two edits of a configuration of a hundred resource types (`conformance/`), one at a time, and, where a folder of
public modules is given (a checkout of each, with its ``examples/``), every example with one more default tag. Each is
rehearsed against a clone of the configuration as it was, under the built-in policy. Examples that cannot be cloned
offline (another provider, another version of it) are left out and counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from gate.report.model import Report
from gate.reviewer import ReviewRequest, review
from gate.verdict import Level
from gate.wiring import DEFAULT_ENGINE, tool_version
from sandbox.errors import SandtableError
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.rehearsal import GapKind

TYPES = Path(__file__).parent / "conformance"
_TIMEOUT = 600.0
_LONGEST = 300
_MOST_REASONS = 2
_PROVIDER = re.compile(r'^provider "aws" \{$', re.MULTILINE)
_TAGS = '\n  default_tags {\n    tags = { Reviewed = "2026-03" }\n  }\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One harmless edit of one file of the configuration."""

    what: str
    file: str
    old: str
    """What is replaced, once; empty for an addition at the end."""
    new: str


def _edit(what: str, file: str, old: str, new: str) -> Edit:
    return Edit(what=what, file=f"{file}.tf", old=old, new=new)


EDITS = (
    _edit("one tag more on everything", "main", 'Env = "dry",', 'Env = "dry", Team = "web",'),
    _edit("comments, and an output", "main", "", '# Who reads this?\noutput "v" {\n  value = var.v\n}\n'),
    _edit(
        "a function gets more time",
        "compute",
        'timeout          = var.v == "1" ? 10',
        'timeout          = var.v == "1" ? 30',
    ),
    _edit(
        "a variable more for a function",
        "compute",
        "variables = { V = var.v }",
        'variables = { V = var.v, LOG = "debug" }',
    ),
    _edit("a comment in a state machine", "compute", 'Comment = "v${var.v}"', 'Comment = "version ${var.v}"'),
    _edit(
        "a scaling group may grow",
        "compute",
        'max_size                  = var.v == "1" ? 2',
        'max_size                  = var.v == "1" ? 4',
    ),
    _edit(
        "a service of three tasks",
        "compute",
        'desired_count   = var.v == "1" ? 1',
        'desired_count   = var.v == "1" ? 3',
    ),
    _edit("the next image of a task", "compute", '"nginx:1"', '"nginx:2"'),
    _edit(
        "the next version of a launch template",
        "compute",
        'image_id      = var.ami\n  instance_type = var.v == "1" ? "t3.micro"',
        'image_id      = var.ami\n  instance_type = var.v == "1" ? "t3.medium"',
    ),
    _edit(
        "messages stay hidden for longer",
        "data",
        'visibility_timeout_seconds = var.v == "1" ? 30',
        'visibility_timeout_seconds = var.v == "1" ? 45',
    ),
    _edit("a topic's display name", "data", 'display_name = "events${var.v}"', 'display_name = "Events"'),
    _edit(
        "logs are kept for longer",
        "data",
        'retention_in_days = var.v == "1" ? 7',
        'retention_in_days = var.v == "1" ? 30',
    ),
    _edit(
        "a stream keeps records for longer",
        "data",
        'retention_period = var.v == "1" ? 24',
        'retention_period = var.v == "1" ? 72',
    ),
    _edit(
        "a secret is described",
        "data",
        'description             = "v${var.v}"\n  recovery',
        'description             = "Database"\n  recovery',
    ),
    _edit(
        "an alarm's threshold",
        "data",
        'threshold           = var.v == "1" ? 10',
        'threshold           = var.v == "1" ? 15',
    ),
    _edit("a database's parameter", "db", '"500" : "1000"', '"750" : "1000"'),
    _edit(
        "one more node of a search domain",
        "db",
        'instance_count = var.v == "1" ? 1',
        'instance_count = var.v == "1" ? 2',
    ),
    _edit(
        "a load balancer waits for longer",
        "edge",
        'idle_timeout       = var.v == "1" ? 60',
        'idle_timeout       = var.v == "1" ? 90',
    ),
    _edit("a health check's path", "edge", 'path = "/h${var.v}"', 'path = "/healthz"'),
    _edit("a record lives for longer", "edge", "ttl     = 60", "ttl     = 300"),
    _edit(
        "services of a trust policy in another order",
        "iam",
        '["lambda.amazonaws.com", "ec2.amazonaws.com"',
        '["ec2.amazonaws.com", "lambda.amazonaws.com"',
    ),
    _edit(
        "a table, a queue and a topic more",
        "data",
        "",
        """
resource "aws_dynamodb_table" "more" {
  name         = "more-orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  attribute {
    name = "pk"
    type = "S"
  }
}
resource "aws_sqs_queue" "more" {
  name = "more-jobs"
}
resource "aws_sns_topic" "more" {
  name = "more-events"
}
""",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said to one harmless change."""

    corpus: str
    what: str
    decision: str
    reasons: tuple[str, ...] = ()
    """The findings that are more than notes; of what could not be rehearsed, the error."""
    whole: bool = True
    """Everything that the target has came up in the clone."""

    @property
    def counted_as(self) -> str:
        """The decision, where there was a whole clone to come to one."""
        return self.decision if self.whole or self.decision == "not rehearsed" else "cloned in part"


def main() -> int:
    """Rehearse, print, write."""
    parser = argparse.ArgumentParser(description="Harmless changes, and what is said to them.")
    parser.add_argument("--edit", action="append", help="only the edits with this in their name (repeatable)")
    parser.add_argument("--modules", type=Path, help="a folder of checkouts of public modules")
    parser.add_argument("--results", type=Path, help="keep what was measured there, and go on from what is there")
    parser.add_argument("--example", action="append", help="only examples with this in their path (repeatable)")
    parser.add_argument("--out", type=Path, help="write the page there")
    options = parser.parse_args()
    tries = [*_edits(options.edit), *(_modules(options.modules, options.example) if options.modules else ())]
    told = [_measured(each, options.results) for each in tries]
    page = "\n".join(_page(told)) + "\n"
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    return sum(each.decision == "reject" for each in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One harmless change, and how it is made."""

    corpus: str
    what: str
    before: Path
    change: Path
    """In a copy of the configuration, or of the whole checkout."""
    top: Path
    """What is copied."""
    alter: Callable[[Path], None]
    """Alters the copy of the change."""


def _measured(attempt: Try, results: Path | None) -> Told:
    file = results / f"{re.sub(r'[^a-z0-9]+', '-', attempt.what.lower())}.json" if results is not None else None
    if file is not None and file.is_file():
        known = json.loads(file.read_text(encoding="utf-8"))
        return Told(**known | {"reasons": tuple(known["reasons"])})
    with tempfile.TemporaryDirectory(prefix="stb-") as name:
        copy = Path(name) / attempt.top.name
        shutil.copytree(attempt.top, copy)
        change = copy / attempt.change.relative_to(attempt.top)
        attempt.alter(change)
        told = _told(attempt, change)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(told), indent=1), encoding="utf-8")
    return told


def _edits(names: list[str] | None) -> Iterator[Try]:
    for edit in EDITS:
        if not names or any(name in edit.what for name in names):
            yield Try(
                corpus="a hundred types",
                what=edit.what,
                before=TYPES,
                change=TYPES,
                top=TYPES,
                alter=partial(apply, edit),
            )


def apply(edit: Edit, folder: Path) -> None:
    """Carry an edit out, and make sure that it is one.

    Raises:
        ValueError: the text that it replaces is not there exactly once.
    """
    file = folder / edit.file
    text = file.read_text(encoding="utf-8")
    if edit.old and text.count(edit.old) != 1:
        raise ValueError(f"{edit.what}: its text is in {edit.file} {text.count(edit.old)} times")
    file.write_text(text.replace(edit.old, edit.new) if edit.old else text + edit.new, encoding="utf-8")


def _modules(folder: Path, names: list[str] | None) -> Iterator[Try]:
    """Every example of every checkout, with one more default tag."""
    for example in sorted(folder.glob("*/examples/*/main.tf")):
        where = str(example.parent.relative_to(folder)).replace("/examples/", ": ")
        if _PROVIDER.search(example.read_text(encoding="utf-8")) and (
            not names or any(name in where for name in names)
        ):
            top = example.parents[2]
            yield Try(
                corpus="public modules",
                what=where,
                before=example.parent,
                change=example.parent,
                top=top,
                alter=_tag_all,
            )


def _tag_all(folder: Path) -> None:
    file = folder / "main.tf"
    text = file.read_text(encoding="utf-8")
    file.write_text(_PROVIDER.sub(lambda match: match[0] + _TAGS, text, count=1), encoding="utf-8")


def _told(attempt: Try, change: Path) -> Told:
    corpus, what = attempt.corpus, attempt.what
    request = ReviewRequest(
        change=change,
        target=f"config:{attempt.before}",
        history=False,
        timeout=_TIMEOUT,
        isolation=isolation_named(AUTOMATIC).name,
        environment=dict(os.environ),
    )
    try:
        report = review(request)
        told = Told(
            corpus=corpus,
            what=what,
            decision=report.verdict.decision.value,
            reasons=tuple(_reasons(report)),
            whole=not any(gap.kind is GapKind.INCOMPLETE for gap in report.gaps),
        )
    except SandtableError as error:
        told = Told(corpus=corpus, what=what, decision="not rehearsed", reasons=(" ".join(error.message.split()),))
    print(f"{what:<56}{told.decision:<10}{'; '.join(told.reasons)}", file=sys.stderr, flush=True)
    return told


def _reasons(report: Report) -> Iterator[str]:
    for finding in report.verdict.findings:
        if finding.level is not Level.NOTE:
            yield f"{finding.rule} {finding.address}: {finding.message}"


def _page(told: list[Told]) -> Iterator[str]:
    yield "# Harmless changes"
    yield ""
    yield (
        f"What sandtable {tool_version()} said to changes that are known to be harmless, rehearsed on {DEFAULT_ENGINE} "
        "under the built-in policy. Written by `make benign`; the near misses of the catalogue are in "
        "[verdicts](verdicts.md)."
    )
    yield ""
    yield (
        "A target of which the engine lacks a call comes up in part; its change goes to a person, as it should, and "
        "is counted apart."
    )
    yield ""
    yield "| corpus | cloned whole | approved | review | rejected | cloned in part | not rehearsed |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for corpus in dict.fromkeys(each.corpus for each in told):
        yield _row(corpus, [each for each in told if each.corpus == corpus])
    yield _row("**all**", told)
    yield ""
    others = [each for each in told if each.counted_as != "approve"]
    if not others:
        return
    yield "| not approved | | why |"
    yield "| --- | --- | --- |"
    for each in others:
        partly = "" if each.whole else ", cloned in part"
        yield f"| {each.what} | {each.decision}{partly} | {_cell(each.reasons)} |"


def _row(corpus: str, told: Iterable[Told]) -> str:
    numbers = Counter(each.counted_as for each in told)
    decided = [numbers[decision] for decision in ("approve", "review", "reject")]
    shown = (sum(decided), *decided, numbers["cloned in part"], numbers["not rehearsed"])
    return f"| {corpus} | " + " | ".join(map(str, shown)) + " |"


def _cell(reasons: tuple[str, ...]) -> str:
    told = "; ".join(_short(reason) for reason in reasons[:_MOST_REASONS])
    return told if len(reasons) <= _MOST_REASONS else f"{told}; and {len(reasons) - _MOST_REASONS} more"


def _short(reason: str) -> str:
    """What says why, without what differs from run to run."""
    text = re.sub(
        r", https response error StatusCode: \d+, RequestID: [\w-]*|: Failed to query.*| Failed to ret.*", "", reason
    )
    text = " ".join(text.replace("|", "\\|").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


if __name__ == "__main__":
    sys.exit(main())
