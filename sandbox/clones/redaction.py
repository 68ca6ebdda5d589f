"""An image without the secrets that the target had.

Three nets, since a secret has no form of its own: what the Terraform state calls sensitive or what has a secret's name
there, replaced wherever its value occurs; members of the engine's own state that have a secret's name, environment
variables and user data among them; and what looks like a secret within a text (a password in a URL, a private key).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from diffing.snapshot import Resource, Snapshot
from diffing.values import Marker, Path, Value, thaw
from sandbox.clones.image import Image
from sandbox.cloning.secrets import Scrubber
from sandbox.cloning.tfstate import Instance, Json, parse_state
from sandbox.recorder.secrets import is_secret_name, scrubbed

PLACEHOLDER = "(not in the snapshot)"
_BYTES = "__bytes__"
_SEAL = re.compile(r"\(sensitive sha256:[0-9a-f]+\)")
"""What `sandbox.inventory.redaction` puts in the place of a secret."""
_SHORTEST = 6
"""Characters; shorter values occur everywhere by chance, and are taken out by their names alone."""
_ENVIRONMENTS = frozenset({"environment", "variables", "environmentvariables", "parametervalue"})
"""Members below which every text counts as a secret (lower case, without underscores)."""
_STACKS = frozenset({"cloudformation"})
_NOT_SECRET = frozenset({"type", "name", "id", "arn", "valuefrom"})


def without_secrets(image: Image) -> Image:
    """Take the secrets out of an image."""
    instances = parse_state(image.state).instances if image.state else ()
    # Stacks were made without their secrets (`sandbox.clones.keptstacks`); what the engine keeps of them, templates
    # and values of parameters, is compared with the change's, and must stay whole.
    redactor = _Redactor(tuple(_telling(instances)), spared=_STACKS if image.stacks else frozenset())
    noise = redactor.document(image.noise.encode()).decode() if image.noise else image.noise
    return replace(
        image,
        content=redactor.document(image.content),
        state=_masked_state(redactor, image.state, instances) if image.state else b"",
        noise=noise,
        redacted=True,
    )


def without_seals(snapshot: Snapshot) -> Snapshot:
    """A snapshot in which secrets have no digests: those are keyed for one process, and would differ in the next."""
    resources = {identity: _unsealed(resource) for identity, resource in snapshot.resources.items()}
    return replace(snapshot, resources=MappingProxyType(resources))


def holds_placeholder(value: Json) -> bool:
    """Whether anything in a value stands for a secret that was taken out."""
    match value:
        case str():
            return PLACEHOLDER in value
        case list():
            return any(map(holds_placeholder, value))
        case dict():
            return any(map(holds_placeholder, value.values()))
        case _:
            return False


def _telling(instances: Iterable[Instance]) -> Iterator[str]:
    """The secrets that may be looked for by value: none that is also what something public is called."""
    instances = tuple(instances)
    public = {text for each in instances for name in ("id", "arn", "name", "type") if (text := each.text(name))}
    for secret in Scrubber.of(*instances).secrets:
        if len(secret) >= _SHORTEST and secret not in public and secret.lower() not in _COMMON:
            yield secret


_COMMON = frozenset({"enabled", "disabled", "default", "standard", "production", "staging", "string", "secret"})


@dataclass(frozen=True, slots=True)
class _Redactor:
    secrets: tuple[str, ...]
    spared: frozenset[str] = frozenset()
    """Members that are left as they are."""

    def document(self, content: bytes) -> bytes:
        return json.dumps(self.value(json.loads(content)), separators=(",", ":")).encode()

    def value(self, value: Json, *, secret: bool = False) -> Json:
        match value:
            case str():
                return PLACEHOLDER if secret and value else self._text(value)
            case list():
                return [self.value(item, secret=secret) for item in value]
            case dict() if value.keys() == {_BYTES}:
                return self._bytes(value, secret=secret)
            case dict():
                return {name: self._member(name, item, value, secret=secret) for name, item in value.items()}
            case _:
                return value

    def _member(self, name: str, item: Json, beside: Mapping[str, Json], *, secret: bool) -> Json:
        if name in self.spared:
            return item
        plain = name.lower().replace("_", "")
        inside = plain in _ENVIRONMENTS or is_secret_name(name) or (plain == "value" and _is_secure(beside))
        return self.value(item, secret=(secret or inside) and plain not in _NOT_SECRET)

    def _bytes(self, value: Mapping[str, Json], *, secret: bool) -> Json:
        encoded = str(value[_BYTES])
        if secret:
            return {_BYTES: base64.b64encode(PLACEHOLDER.encode()).decode()}
        try:
            text = base64.b64decode(encoded).decode()
        except ValueError:  # not text: an archive, an image
            return dict(value)
        return {_BYTES: base64.b64encode(self._text(text).encode()).decode()}

    def _text(self, text: str) -> str:
        for secret in self.secrets:
            for form in (secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()):
                text = text.replace(form, PLACEHOLDER)
        cleaned = scrubbed(text)
        return text if cleaned == text else re.sub(r"\(sensitive\)", PLACEHOLDER, cleaned)


def _unsealed(resource: Resource) -> Resource:
    attributes = _without_seal(resource.attributes)
    told = [thaw(each) for each in (attributes, resource.tags, resource.stakes, resource.born)]
    digest = hashlib.sha256(json.dumps([str(resource.identity), told], sort_keys=True).encode()).hexdigest()
    return replace(resource, attributes=attributes if isinstance(attributes, Mapping) else {}, digest=digest)


def _without_seal(value: Value) -> Value:
    match value:
        case str():
            return Marker.SENSITIVE if _SEAL.fullmatch(value) else scrubbed(value)
        case tuple():
            return tuple(map(_without_seal, value))
        case Mapping():
            return MappingProxyType({name: _without_seal(item) for name, item in value.items()})
        case _:
            return value


def _is_secure(beside: Mapping[str, Json]) -> bool:
    return any(str(beside.get(name, "")).lower() == "securestring" for name in ("Type", "type"))


def _masked_state(redactor: _Redactor, document: bytes, instances: tuple[Instance, ...]) -> bytes:
    """A Terraform state: its sensitive paths whatever their values, then everything else."""
    content = json.loads(document)
    known = iter(instances)
    for resource in content.get("resources") or ():
        for raw in resource.get("instances") or ():
            instance = next(known)
            for path in instance.sensitive:
                _mask(raw.get("attributes"), path)
    for output in (content.get("outputs") or {}).values():
        if output.get("sensitive"):
            output["value"] = PLACEHOLDER if output.get("type") == "string" else None
    return json.dumps(redactor.value(content), separators=(",", ":")).encode()


def _mask(value: Any, path: Path) -> None:
    *way, last = path
    for step in way:
        value = _below(value, step)
    found = _below(value, last)
    if isinstance(found, str) and found:
        value[last] = PLACEHOLDER


def _below(value: Any, step: str | int) -> Any:
    match value, step:
        case dict(), str():
            return value.get(step)
        case list(), int() if step < len(value):
            return value[step]
        case _:
            return None
