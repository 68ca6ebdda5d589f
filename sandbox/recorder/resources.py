"""What a call is about: the names, ids, ARNs and URLs by which it can be joined to resources.

From the request, the identifying members at the top and in lists of ids, plus a table of places further down. From the
response of a creation, the identifying members of what was made. The member that carries the operation's own noun
comes first (``DeleteSecurityGroup`` → ``GroupId``); references to others follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sandbox.recorder.secrets import is_secret_name, letters
from sandbox.recorder.tree import Shape, Tree

MAX_RESOURCES = 1000
"""The most that one call can name: DeleteObjects takes a thousand keys."""
_MAX_LENGTH = 2048
"""AWS's longest ARNs."""
_IDENTIFYING = re.compile(r"(?:arn|id|identifier|name|url|idlist|arnlist|namelist)s?$")
_EXACT = frozenset(
    {"bucket", "key", "resource", "resources", "resourceids", "alias", "targets", "repository", "domain"}
)
_NOT_IDENTIFYING = frozenset(
    """
    accountid ownerid sourceaccountid requestid clientrequestid callerreferenceid revisionid availabilityzoneid
    availabilityzoneids attributename attributenames metricname actionname schemaname expectedbucketowner
    awsaccountid awsaccountids requesterid hostid displayname dbname attributenamelist versionid principalid
    statementid uploadid
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_FURTHER_DOWN: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        ("s3", "DeleteObjects"): (("Delete", "Objects", "Key"),),
        ("dynamodb", "BatchWriteItem"): (("RequestItems", "*"),),
        ("dynamodb", "BatchGetItem"): (("RequestItems", "*"),),
        ("dynamodb", "TransactWriteItems"): (
            ("TransactItems", "Put", "TableName"),
            ("TransactItems", "Update", "TableName"),
            ("TransactItems", "Delete", "TableName"),
            ("TransactItems", "ConditionCheck", "TableName"),
        ),
        ("route53", "ChangeResourceRecordSets"): (("ChangeBatch", "Changes", "ResourceRecordSet", "Name"),),
        ("autoscaling", "CreateOrUpdateTags"): (("Tags", "ResourceId"),),
        ("autoscaling", "DeleteTags"): (("Tags", "ResourceId"),),
        ("elbv2", "RegisterTargets"): (("Targets", "Id"),),
        ("elbv2", "DeregisterTargets"): (("Targets", "Id"),),
        ("elb", "RegisterInstancesWithLoadBalancer"): (("Instances", "InstanceId"),),
        ("elb", "DeregisterInstancesFromLoadBalancer"): (("Instances", "InstanceId"),),
        ("events", "PutTargets"): (("Targets", "Arn"),),
        ("events", "PutEvents"): (("Entries", "EventBusName"),),
        ("ec2", "RunInstances"): (("LaunchTemplate", "LaunchTemplateId"), ("LaunchTemplate", "LaunchTemplateName")),
    }
)
"""Where else requests name resources. ``*`` stands for the keys of a map; lists are looked through."""
_MAKES_NOTHING = frozenset({"Delete", "Terminate", "Remove", "Detach", "Disassociate", "Untag", "Deregister", "Stop"})
_ABOUT_ITS_NOUN = ("Delete", "Deregister", "Stop", "Terminate", "Update")
"""Verbs whose noun is something that stands there, and no content: a statement, a message."""
_NOUN = re.compile(r"^(?:Batch|Admin|Transact)?[A-Z][a-z]+(?P<noun>.*)$")
_LEVELS = 2
_OTHERS = 2


def named_in_request(service: str, operation: str, tree: Mapping[str, Tree], shape: Shape | None) -> tuple[str, ...]:
    """The names, ids, ARNs and URLs in a request."""
    required = frozenset(shape.required_members) if shape is not None else frozenset()
    noun = _noun(operation)
    bare = noun if operation.startswith(_ABOUT_ITS_NOUN) else ""
    ranked = sorted(_top_level(tree, shape, bare), key=lambda pair: _rank(pair[0], noun, required))
    names = [text for _, texts in ranked for text in texts]
    for path in _FURTHER_DOWN.get((service, operation), ()):
        names.extend(_below(tree, path))
    if service == "s3" and isinstance(bucket := tree.get("Bucket"), str) and isinstance(key := tree.get("Key"), str):
        names = [f"{bucket}/{key}" if name == key else name for name in names]
    elif service == "s3" and operation == "DeleteObjects":
        names = [names[0], *(f"{names[0]}/{key}" for key in names[1:])] if names else names
    return _unique(names)


def named_in_response(operation: str, tree: Tree) -> tuple[str, ...]:
    """The names, ids, ARNs and URLs of what a call made."""
    if not isinstance(tree, Mapping) or any(operation.startswith(verb) for verb in _MAKES_NOTHING):
        return ()
    return _unique(_made(tree, _noun(operation), _LEVELS))


def _noun(operation: str) -> str:
    match = _NOUN.match(operation)
    return letters(match["noun"]) if match else ""


def _top_level(tree: Mapping[str, Tree], shape: Shape | None, noun: str) -> Iterator[tuple[str, list[str]]]:
    for name, value in tree.items():
        member = shape.members.get(name) if shape is not None else None
        if _identifies(name, member) or _is_the_noun(name, noun, member):
            texts = list(_own_texts(value))
            if texts:
                yield name, texts


def _identifies(name: str, member: Shape | None) -> bool:
    plain = letters(name)
    if plain in _NOT_IDENTIFYING or is_secret_name(name):
        return False
    if member is not None and (member.metadata.get("sensitive") or member.metadata.get("idempotencyToken")):
        return False
    if member is not None and member.metadata.get("enum"):
        return False
    return plain in _EXACT or bool(_IDENTIFYING.search(plain))


def _is_the_noun(name: str, noun: str, member: Shape | None) -> bool:
    """Whether a member is called what the operation is about: ``service`` of ``DeleteService``."""
    plain = letters(name)
    said = member is None or not (member.metadata.get("sensitive") or member.metadata.get("enum"))
    return bool(noun) and _singular(plain) == _singular(noun) and said and not is_secret_name(name)


def _own_texts(value: Tree) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Sequence):
        yield from (item for item in value if isinstance(item, str))


def _rank(name: str, noun: str, required: frozenset[str]) -> tuple[int, int]:
    return _likeness(letters(name), noun), name not in required


def _likeness(name: str, noun: str) -> int:
    """0: the member is of the operation's own noun (or of none); 1: it may be; 2: of another's."""
    stem = _IDENTIFYING.sub("", name)
    if not stem or _singular(stem) == _singular(noun):
        return 0
    return 1 if _singular(noun).endswith(_singular(stem)) else 2


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _below(tree: Tree, path: Sequence[str]) -> Iterator[str]:
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        for item in tree:
            yield from _below(item, path)
    elif not path:
        if isinstance(tree, str):
            yield tree
    elif isinstance(tree, Mapping):
        if path[0] == "*":
            yield from tree
        elif path[0] in tree:
            yield from _below(tree[path[0]], path[1:])


def _made(tree: Mapping[str, Tree], noun: str, levels: int, holder: str = "") -> Iterator[str]:
    """Identifying members at this level; below it, of the structures that it holds, those of the right noun."""
    mine = [(letters(name), value) for name, value in tree.items() if _identifies(name, None) and name != "Key"]
    kept = [(name, value) for name, value in mine if not holder or _is_made(name, noun, holder)]
    for _, value in sorted(kept, key=lambda pair: _likeness(pair[0], noun)):
        yield from _own_texts(value)
    if levels > 0:
        for name, value in tree.items():
            for item in value if isinstance(value, Sequence) and not isinstance(value, str) else (value,):
                if isinstance(item, Mapping):
                    yield from _made(item, noun, levels - 1, _singular(letters(name)))


def _is_made(name: str, noun: str, holder: str) -> bool:
    """Whether a member below the top names what was made, not a neighbour (an instance's subnet, image, profile)."""
    is_bare = not _IDENTIFYING.sub("", name)
    if is_bare:
        return holder.startswith(_singular(noun)) or _likeness(holder + name, noun) < _OTHERS
    return _likeness(name, noun) < _OTHERS


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for name in names:
        if name and len(name) <= _MAX_LENGTH:
            kept[name] = None
            if len(kept) >= MAX_RESOURCES:
                break
    return tuple(kept)
