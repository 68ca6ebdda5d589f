"""`removed-in-place`: an update that deletes nothing takes something out of a resource that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from diffing.attributes import at_top
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import path_text
from gate.policy.access import DOCUMENTS, narrowed
from gate.policy.bookkeeping import Kind, lookup
from gate.policy.containers import no_longer_given
from gate.policy.contents import ELSEWHERE, Content, losses
from gate.policy.ingress import Added, added_rules, closings
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.rules.access_widened import Named, telling
from gate.policy.selectors import Selector, by_key, deselected
from gate.policy.stackwords import changes_in_terraform_words
from gate.verdict import Finding, Level

NAME = "removed-in-place"
PAGE = Page(
    level="review",
    what=(
        "An update that deletes nothing takes something out of a resource that stays:\n\n"
        "- environment variables, of functions, builds and applications; what the next revision of a task "
        "definition no longer gives its containers;\n"
        "- rules, of security groups, route tables, network ACLs, web ACLs, listeners;\n"
        "- rights, in the statements of a policy document;\n"
        "- actions of alarms, subscriptions and targets of notifications, dead-letter queues;\n"
        "- origins, aliases, parameters, indexes, exported logs;\n"
        "- tags that a backup selection, a resource group, a maintenance window or the condition of a "
        "policy selects on."
    ),
    example=(
        "An import was written down from memory. *environment.variables: 1 environment variable is "
        "removed: LEDGER_URL.*"
    ),
    difference=(
        '     variables = {\n-      LEDGER_URL = "https://ledger.northwind.example"\n       LOG_LEVEL  = "info"\n     }'
    ),
    why=("A gate that looks for deletes approves it, and two live applications stand without their configuration."),
    remedy="Put back what is not meant to go. If it is meant to go, a person confirms that nothing needs it.",
    passes=(
        "values that change; parts exchanged for others (a target group for another one); a part that "
        "becomes a resource of its own in the same change; a variable that becomes a secret of the same "
        "name; rights to what is deleted itself; tags that nothing selects on."
    ),
    blind=("parts of types that are not in its table (`gate/policy/contents.py`); code that reads what is left."),
    sources=(
        "AWS provider documentation of each type",
        "Amazon ECS API Reference, `ContainerDefinition`",
        'AWS Resource Groups User Guide, "Resource group queries"',
    ),
    catches=("stripped-in-place",),
    spares=("stripped-in-place-near-miss", "tags-only"),
)
MOST_NAMED = 5


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every part that goes: nobody announced a delete, and it is gone all the same."""
    for change, items in telling(evidence):
        for text in _texts(change, items, evidence) if _keeps_its_place(change, policy) else ():
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=change.address,
                message=text,
                proof=change.proof,
                remediation=(
                    "Put back what is not meant to go. If it is meant to go, a person confirms that nothing needs it."
                ),
                causes=change.causes,
            )


def _texts(change: ResourceChange, items: Sequence[Named], evidence: Evidence) -> Iterator[str]:
    """Say what goes; what may take its place elsewhere is collected only where that counts."""
    yield from _parts(change, partial(evidence.once, _taken_over))
    yield from _given(change)
    documents = [item for name, item in items if name in DOCUMENTS]
    if documents and not change.type.startswith("aws_ecr_life"):
        yield from _documents(documents, evidence.once(_destroyed_names))
    yield from closings(change, partial(evidence.once, _added))
    yield from deselected(change, evidence.once(_selectors))


def _added(evidence: Evidence) -> Added:
    return added_rules(changes_in_terraform_words(evidence))


def _selectors(evidence: Evidence) -> Mapping[str, Sequence[Selector]]:
    return by_key(evidence.surroundings.selectors)


def _keeps_its_place(change: ResourceChange, policy: Policy) -> bool:
    """Whether what is changed is there before and after: updated, or a revision that takes the place of the last."""
    if change.action is Action.UPDATE:
        return True
    row = lookup(change.type, policy.bookkeeping)
    return change.action is Action.REPLACE and row is not None and row.kind is Kind.REVISION


def _parts(change: ResourceChange, taken_over: Callable[[], Mapping[str, frozenset[str]]]) -> Iterator[str]:
    for loss in losses(change):
        elsewhere = taken_over().get(loss.content.elsewhere, frozenset())
        entries = [entry for entry in loss.entries if not entry or entry not in elsewhere]
        if entries:
            yield _gone(loss.content, entries)


def _gone(content: Content, entries: list[str]) -> str:
    where = ".".join(content.path)
    names = [entry for entry in entries if entry]
    if not names and len(entries) == 1:
        return f"{where}: its {content.what} is removed"
    return f"{where}: {_counted(len(entries), content.what)} removed{_listed(names)}"


def _given(change: ResourceChange) -> Iterator[str]:
    for what, names in no_longer_given(change).items():
        listed = "" if what == "container" else _listed(names)
        yield f"the next revision goes without {_counted(len(names), what, verb=False)}{listed}"


def _documents(documents: Iterable[AttributeChange], gone: frozenset[str]) -> Iterator[str]:
    """What a policy document allowed and no longer allows, as long as that exists at all."""
    for item in documents:
        if not isinstance(item.before, str):
            continue
        lost = [grant for grant in narrowed(item.before, item.after) if grant.resource not in gone]
        lost = [grant for grant in lost if grant.principal.removeprefix("AWS:") not in gone]
        if lost:
            yield f"{path_text(item.path)} no longer allows {_listed([str(grant) for grant in lost]).lstrip(': ')}"


def _taken_over(evidence: Evidence) -> Mapping[str, frozenset[str]]:
    """Texts in what the change creates, by type: a part that becomes a resource of its own is in there by name."""
    found: dict[str, set[str]] = {}
    for change in changes_in_terraform_words(evidence):
        if change.action is Action.CREATE and change.type in ELSEWHERE:
            texts = (item.after for item in change.attributes if isinstance(item.after, str))
            found.setdefault(change.type, set()).update(texts)
    return {type_: frozenset(texts) for type_, texts in found.items()}


def _destroyed_names(evidence: Evidence) -> frozenset[str]:
    """ARNs of what the change deletes: rights to it go with it, and its delete is judged itself."""
    arns = {
        item.before
        for change in changes_in_terraform_words(evidence)
        if change.action.destroys
        for item in at_top(change.attributes, {"arn"})
        if isinstance(item.before, str)
    }
    return frozenset(f"{arn}{inside}" for arn in arns for inside in ("", "/*", ":*"))


def _counted(number: int, what: str, *, verb: bool = True) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") and not what.endswith(("ay", "ey")) else f"{what}s"
    text = f"{number} {what if number == 1 else many}"
    return f"{text} {'is' if number == 1 else 'are'}" if verb else text


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    if not shown:
        return ""
    more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
    return f": {', '.join(shown[:MOST_NAMED])}{more}"
