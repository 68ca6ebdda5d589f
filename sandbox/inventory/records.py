"""From what a crawl found to resources: attributes in a canonical form, names, tags, birth marks, digest."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from diffing.snapshot import Identity, Resource
from diffing.values import freeze
from sandbox.inventory.crawl import Found
from sandbox.inventory.expression import evaluate, fill_template
from sandbox.inventory.kinds import normal
from sandbox.inventory.redaction import redact

_VOLATILE = re.compile(
    r"responsemetadata|requestid|nexttoken|marker|istruncated|maxitems|approximate.*|last(accessed|used|modified|updated"
    r"|changed|update|modification|rotated|evaluated|event|status|fail.*|delivery|succe.*)(date|time|timestamp|at|on)?.*"
    r"|modifieddate|modificationtime|updatetime|updatedat|updated(date|time|timestamp)|updateddatetime|.*configuration"
    r"updatedtimestamp|passwordlastused|rolelastused|(latest|earliest)restorable(date)?time|latestdelivery.*|storedbytes|sizeinbytes"
    r"|revisionid|locktoken|state(updated|transitioned)timestamp|statereason(data)?|statevalue|attachmentcount"
    r"|permissionsboundaryusagecount|numberofmounttargets|subscriptions(confirmed|pending|deleted)|metricfiltercount"
    r"|(running|pending)taskscount|(running|pending)count|activeservicescount|registeredcontainerinstancescount"
    r"|etag(?!s)|lastprocessingresult|bucketregion|healthchecktime|nextexecution.*"
)
"""Members that move by themselves, or with every write to anything near, and say nothing about the resource."""
_KEPT_FOR = MappingProxyType({"AWS::S3::Object": frozenset({"etag"})})
"""Where such a member does say something: an object's content is its ETag."""
_BIRTH = re.compile(
    r"(?!last)(.*(creat(e|ed|ion))(date|time|timestamp|datetime|at|on)?(utc)?|launchtime|registeredat|created)$"
)
_ORDERED = frozenset(
    {
        "command",
        "entrypoint",
        "args",
        "arguments",
        "cachebehaviors",
        "keyschema",
        "steps",
        "commands",
        "actions",
        "securitygroupnames",
        "partitionkeys",
        "columns",
    }
)
"""Lists whose order means something; all others are sorted, since engines give them in any order."""
_TAG_MEMBERS = frozenset({"tags", "taglist", "tagset", "resourcetaglist", "tagsmodel"})
_TAG_PAIRS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def to_resources(found: Iterable[Found], stakes: Mapping[Identity, Mapping[str, int]]) -> dict[Identity, Resource]:
    """One resource per thing: what several listings show is merged under the catalogue's name for it."""
    everything = list(found)
    catalogued = [f for f in everything if not f.kind.inferred]
    by_name: dict[tuple[str, str], Found] = {}
    for one in catalogued:
        for name in _names(one):
            by_name.setdefault((one.kind.service, name), one)
    resources: dict[Identity, Resource] = {}
    for one in everything:
        if one.kind.inferred and (same := by_name.get((one.kind.service, one.identity.id))):
            same.aspects.setdefault(one.kind.type.rsplit("::", 1)[-1], one.item)
    for one in everything:
        if one.kind.inferred and (one.kind.service, one.identity.id) in by_name:
            continue
        resource = _resource(one, by_name, stakes.get(one.identity, {}))
        resources.setdefault(one.identity, resource)
    return resources


def _resource(one: Found, by_name: Mapping[tuple[str, str], Found], stakes: Mapping[str, int]) -> Resource:
    tags = _tags(one)
    kept = _KEPT_FOR.get(one.kind.type, frozenset())
    born_names = {n for n in one.main if _is_birth_mark(n, one)}
    described = {n: v for n, v in {**one.main, **one.aspects}.items() if normal(n) not in _TAG_MEMBERS | {"tag"}}
    attributes = canonical({n: v for n, v in described.items() if n not in born_names}, kept)
    born = canonical({n: one.main[n] for n in born_names}, frozenset({normal(n) for n in born_names}))
    parent = _parent(one, by_name)
    return Resource(
        identity=one.identity,
        attributes=_frozen(redact(attributes)),
        digest=_digest(one.identity, redact(attributes), tags, stakes, born),
        service=one.kind.service,
        aliases=frozenset(_names(one)),
        tags=MappingProxyType(tags),
        stakes=MappingProxyType(dict(stakes)),
        born=_frozen(born),
        parent=parent,
    )


def canonical(value: Any, kept: frozenset[str] = frozenset(), name: str = "") -> Any:
    """Plain JSON in one form: volatile members out, names sorted, unordered lists sorted, documents decoded."""
    if isinstance(value, Mapping):
        members = sorted((str(n), v) for n, v in value.items())
        return {
            n: canonical(v, kept, n)
            for n, v in members
            if (normal(n) in kept or not _VOLATILE.fullmatch(normal(n))) and v is not None
        }
    if isinstance(value, list | tuple):
        items = [canonical(item, kept, name) for item in value]
        return items if normal(name) in _ORDERED else sorted(items, key=_text)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str) and value.startswith(("%7B", "%7b")):
        return urllib.parse.unquote(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _names(one: Found) -> set[str]:
    """Every name of the thing itself, and of nothing that it refers to."""
    names = {one.identity.id, one.arn} | {fill_template(template, one.sources) or "" for template in one.kind.names}
    if one.kind.keys and not one.kind.parent:
        primary = evaluate(one.kind.keys[0][1], one.sources)
        names.add(primary if isinstance(primary, str) else "")
    if isinstance(one.item, str) and not one.kind.parent:
        names.add(one.item)
    wanted = {noun + suffix for noun in one.kind.nouns for suffix in ("arn", "url")} | {"arn"}
    if not one.kind.parent:
        wanted |= {noun + suffix for noun in one.kind.nouns for suffix in ("name", "id", "")} | {"name", "id"}
    names |= {value for name, value in one.main.items() if isinstance(value, str) and normal(name) in wanted}
    names |= {name.removesuffix(":*") for name in names}
    return names - {""}


def _is_birth_mark(name: str, one: Found) -> bool:
    if name in one.kind.born:
        return True
    value = one.main[name]
    return bool(_BIRTH.fullmatch(normal(name))) and not isinstance(value, Mapping | list | bool)


def _parent(one: Found, by_name: Mapping[tuple[str, str], Found]) -> Identity | None:
    if one.parent is not None:
        return one.parent.identity
    if one.kind.within is None:
        return None
    container, expression = one.kind.within
    name = evaluate(expression, one.sources)
    found = by_name.get((one.kind.service, name)) if isinstance(name, str) else None
    return found.identity if found is not None and found.kind.type == container else None


def _tags(one: Found) -> dict[str, str]:
    tags: dict[str, str] = {}
    for name, value in one.main.items():
        if normal(name) in _TAG_MEMBERS:
            tags |= _pairs(value)
    for answer in one.tag_answers:
        tags |= _tags_within(answer)
    return dict(sorted(tags.items()))


def _tags_within(answer: Any) -> dict[str, str]:
    tags: dict[str, str] = {}
    if isinstance(answer, list):
        for item in answer:
            tags |= _tags_within(item)
    elif isinstance(answer, Mapping):
        for name, value in answer.items():
            if normal(name) in _TAG_MEMBERS and (pairs := _pairs(value)):
                tags |= pairs
            elif not isinstance(value, str):
                tags |= _tags_within(value)
    return tags


def _pairs(value: Any) -> dict[str, str]:
    """Tags from a map, or from a list of pairs under any of the names that services use."""
    if isinstance(value, Mapping) and isinstance(value.get("Items"), list):
        return _pairs(value["Items"])  # CloudFront's way to write a list
    if isinstance(value, Mapping):
        return {str(k): str(v) for k, v in value.items() if isinstance(v, str)}
    tags = {}
    for item in value if isinstance(value, list) else []:
        for key, content in _TAG_PAIRS:
            if isinstance(item, Mapping) and key in item:
                tags[str(item[key])] = str(item.get(content) or "")
    return tags


def _frozen(members: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({name: freeze(value) for name, value in members.items()})


def _digest(identity: Identity, attributes: Any, tags: Any, stakes: Mapping[str, int], born: Any) -> str:
    place = [identity.account, identity.region, identity.type, identity.id]
    return hashlib.sha256(_text([place, attributes, tags, dict(stakes), born]).encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
