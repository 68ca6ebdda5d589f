"""MiniStack's whole state, out of one engine and into another (the child's side).

MiniStack knows how to put every service's state into JSON (``get_state``) and back (``load_persisted_state``): it does
so in files, when it ends and when it starts, if asked to persist. Here the same document goes through memory, once, and
with what the files leave elsewhere or out: the objects in S3 buckets and all that belongs to one, and the code of
functions. Whatever ids are in the document, the engine has them afterwards.

The document: ``{"format": 1, "services": {name: state}, "objects": [[account, bucket, objects]], "stores": {name:
store}}``. Bytes are ``{"__bytes__": base64}``; a store per account (and region) has keys in which NUL separates
account, region and the key as Python writes it.

Further, ``"images": [{"id", "name", "description", "platform", "root_device", "owner", "owner_alias"}]``: machine
images that exist although nobody made them here, as AWS's own do. A document may consist of these alone.
"""

# ruff: noqa: SLF001 - the engine's ways to save and to load are private; its version is pinned, for this among others
from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ministack.app
from ministack.core import persistence
from ministack.services import ec2

FORMAT = 1
_OBJECT_STORES = (
    "_object_versions",
    "_object_tags",
    "_object_acl",
    "_object_annotations",
    "_object_retention",
    "_object_legal_hold",
)
"""What the service keeps of objects beside their buckets."""
_IMAGE = ("id", "name", "description", "platform", "root_device", "owner", "owner_alias")
"""The order in which the engine lists its own images."""
_PARTS = frozenset({"services", "images"})
_BLOB = "code_blob_ref"
_DERIVED = "_derived"


def dump() -> bytes:
    """Everything that the engine in this process holds."""
    named = _named_rules()
    savers = ministack.app._build_persistence_save_dict()
    states = {name: get_state() for name, get_state in savers.items()}
    document: dict[str, Any] = {
        "format": FORMAT,
        "services": {name: state for name, state in states.items() if state},
        "images": [dict(zip(_IMAGE, image, strict=True)) for image in ec2._STUB_AMIS],
    }
    s3 = ministack.app._loaded_modules.get("s3")
    if s3 is not None:
        document["objects"] = [[*key, bucket.get("objects") or {}] for key, bucket in s3._buckets._data.items()]
        document["stores"] = {name: getattr(s3, name) for name in _OBJECT_STORES}
    text = json.dumps(document, default=persistence._json_default, separators=(",", ":"))
    for rule in named:
        del rule["SecurityGroupRuleId"], rule[_DERIVED]
    return _with_code(text)


def load(content: bytes) -> None:
    """Put a dumped state into the engine in this process, which has served nothing yet.

    Raises:
        ValueError: it is not such a document.
    """
    document = json.loads(content, object_hook=persistence._json_object_hook)
    if not isinstance(document, dict) or document.get("format", FORMAT) != FORMAT or not document.keys() & _PARTS:
        raise ValueError("not an engine's state")
    modules = ministack.app._state_map
    images = [tuple(image[name] for name in _IMAGE) for image in document.get("images", ())]
    ids = {image[0] for image in images}
    ec2._STUB_AMIS[:] = [image for image in ec2._STUB_AMIS if image[0] not in ids] + images
    for name, state in document.get("services", {}).items():
        # Not through the engine's own loop, which logs what fails and goes on with a part of the state.
        module = ministack.app._get_module(modules[name])
        # The one service that starts something when it is restored, which takes a time that nobody knows.
        module._start_restored_service_reconciler = _stay_idle
        module.load_persisted_state(state)
        if name == "ecs":
            _keep_running(module, state)
        if name == "ec2":
            _work_out_again()
    if "objects" in document:
        s3 = ministack.app._get_module("s3")
        for account, bucket, objects in document["objects"]:
            s3._buckets._data[account, bucket]["objects"] = objects
        for name in _OBJECT_STORES:
            getattr(s3, name)._data.update(document["stores"][name]._data)


def _named_rules() -> list[dict[str, Any]]:
    """Write down the ids of security groups' rules that the engine works out of their contents when it is asked.

    One who gives the group its real id would change them with it, and could not give the rule its own. The rule that
    every group is born with has none. Beside the id it is written backwards, so that it can be told whether it was
    replaced: where it was not, it is worked out again.
    """
    named = []
    for group in ec2._security_groups._data.values():
        for rule, is_egress in _rules(group):
            if "SecurityGroupRuleId" not in rule:
                rule["SecurityGroupRuleId"] = ec2._sg_rule_id(group["GroupId"], is_egress, rule)
                rule[_DERIVED] = rule["SecurityGroupRuleId"][::-1]
                named.append(rule)
    return named


def _work_out_again() -> None:
    """Take away the written ids of rules that have got no other."""
    for group in ec2._security_groups._data.values():
        for rule, _ in _rules(group):
            derived = rule.pop(_DERIVED, None)
            if derived is not None and derived[::-1] == rule["SecurityGroupRuleId"]:
                del rule["SecurityGroupRuleId"]


def _rules(group: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Each rule of a security group, with whether it is about what leaves."""
    for key, is_egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
        yield from ((rule, is_egress) for rule in group.get(key, ()))


def _keep_running(ecs: Any, state: dict[str, Any]) -> None:
    """The engine stops its tasks when it is restored, since their containers are gone; there were none here."""
    for key, task in state["tasks"]._data.items():
        ecs._tasks._data[key] = {**task, "_docker_ids": []}


def _stay_idle() -> None:
    """In place of what would run beside the engine."""


def _with_code(text: str) -> bytes:
    """Functions' code is saved beside the state, under its digest; put it in (the engine reads that form, too)."""
    if _BLOB not in text:
        return text.encode()
    folder = Path(persistence.STATE_DIR) / "lambda-blobs"

    def inlined(node: dict[str, Any]) -> Any:
        digest = node.get(_BLOB)
        return node if digest is None else base64.b64encode((folder / f"{digest}.zip").read_bytes()).decode("ascii")

    return json.dumps(json.loads(text, object_hook=inlined), separators=(",", ":")).encode()
