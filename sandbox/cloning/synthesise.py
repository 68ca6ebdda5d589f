"""A configuration, written from a state, that makes the same resources again somewhere else.

Flat: one resource block for each object, whatever module, ``count`` or ``for_each`` it came from. An argument is
written where the provider's schema lets one write it and the state has a value that says something; identifiers of
other objects become references (`sandbox.cloning.references`). What single types need beyond that is in
`sandbox.cloning.rules`; what still goes wrong is repaired (`sandbox.cloning.repair`) by leaving out arguments, or the
object.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.cloning.document import Document, write_document
from sandbox.cloning.placement import places
from sandbox.cloning.references import UNMISTAKABLE, References, escaped
from sandbox.cloning.rules import ENGINE_ASSIGNED_DEFAULT, HASHED, PLACEHOLDERS, RULES, Content, Effect, Rule
from sandbox.cloning.schema import Attribute, Block, Schemas
from sandbox.cloning.tfstate import Instance, Json
from sandbox.place import Place

PROVIDER = "aws"
FILE = "main.tf.json"

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHA1 = re.compile(r"[0-9a-f]{40}")
_NEVER_AT_THE_TOP = frozenset({"id", "tags_all"})
_NEVER_A_BLOCK = frozenset({"timeouts"})


@dataclass(slots=True, kw_only=True)
class Repairs:
    """What was found out by trying."""

    dropped: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Arguments not to write, by address: names joined by dots, without indices."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why an object is not written at all, by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A configuration."""

    document: Document
    files: Mapping[str, bytes]
    """Further files beside it, by name."""
    unknown: Mapping[str, tuple[str, ...]]
    """Parts that are placeholders, by address."""


class Synthesis:
    """Writes the configuration, as often as repairs call for.

    Args:
        subjects: What to write.
        schemas: The provider's schemas of their types.
        placed: What tells where each provider configuration works.
        default: The place of what no provider configuration places elsewhere.
        source: The provider's source address.
        version: Its version; empty for any.
    """

    def __init__(
        self,
        subjects: Sequence[Instance],
        schemas: Schemas,
        *,
        placed: Sequence[Instance],
        default: Place,
        source: str,
        version: str = "",
    ) -> None:
        self.subjects = tuple(subjects)
        self.names = {
            subject.address: f"{subject.type}.r{number:04d}_{re.sub(r'[^A-Za-z0-9_]', '_', subject.name)}"
            for number, subject in enumerate(subjects)
        }
        self.by_name = {name: address for address, name in self.names.items()}
        self.by_address = {subject.address: subject for subject in subjects}
        self.schemas = schemas
        self._places = places(placed, default)
        self._default = default
        self._provider: dict[str, Json] = {"source": source, **({"version": version} if version else {})}
        self._references = References.of(subjects, schemas, self.names)

    def schema(self, address: str) -> Block:
        """The schema of an object's type."""
        return self.schemas[self.by_address[address].type]

    def write(self, repairs: Repairs) -> Written:
        """Write what the repairs leave."""
        resources: dict[str, Json] = {}
        files: dict[str, bytes] = {}
        unknown: dict[str, tuple[str, ...]] = {}
        for subject in self.subjects:
            if subject.address in repairs.left_out:
                continue
            writer = _Writer(
                subject=subject,
                name=self.names[subject.address],
                references=self._references,
                dropped=frozenset(repairs.dropped.get(subject.address, ())),
                left_out=frozenset(repairs.left_out),
            )
            body = writer.body(self.schemas[subject.type])
            files |= writer.files
            if writer.unknown:
                unknown[subject.address] = tuple(dict.fromkeys(writer.unknown))
            kind, name = self.names[subject.address].split(".")
            of_kind = resources.setdefault(kind, {})
            if isinstance(of_kind, dict):
                of_kind[name] = body | self._meta_arguments(subject, repairs)
        content = {**self.providers(), **({"resource": resources} if resources else {})}
        return Written(document=write_document(content), files=files, unknown=unknown)

    def providers(self) -> dict[str, Json]:
        """A configuration of nothing but the provider, in every place of the state."""
        return {
            "terraform": {"required_providers": {PROVIDER: self._provider}},
            "provider": {PROVIDER: list(self._provider_blocks())},
        }

    def provider_of(self, instance: Instance) -> str:
        """How a Terraform state names the provider configuration that an object is written with."""
        place = self._places[instance.provider]
        alias = "" if place == self._default else f".{_alias(place)}"
        return f'provider["{instance.provider.address}"]{alias}'

    def _meta_arguments(self, subject: Instance, repairs: Repairs) -> dict[str, Json]:
        needed = sorted(self._references.dependencies(subject.address) - repairs.left_out.keys())
        meta: dict[str, Json] = {"depends_on": [self.names[address] for address in needed]} if needed else {}
        place = self._places[subject.provider]
        return meta if place == self._default else {**meta, "provider": f"{PROVIDER}.{_alias(place)}"}

    def _provider_blocks(self) -> Iterator[Json]:
        yield {"region": self._default.region}
        for place in sorted({*self._places.values()} - {self._default}):
            yield {"alias": _alias(place), "region": place.region, "allowed_account_ids": [place.account]}


def _alias(place: Place) -> str:
    return f"in_{place.account}_{place.region.replace('-', '_')}"


class _Writer:
    """Writes one object."""

    def __init__(
        self,
        *,
        subject: Instance,
        name: str,
        references: References,
        dropped: frozenset[str],
        left_out: frozenset[str],
    ) -> None:
        self.files: dict[str, bytes] = {}
        self.unknown: list[str] = []
        self._subject = subject
        self._name = name.replace(".", "-")
        self._references = references
        self._left_out = left_out
        self._rules = tuple(rule for rule in RULES if rule.type == subject.type)
        self._omitted = dropped | {rule.path for rule in self._rules if _omits(rule, subject.attributes)}
        self._not_zero = frozenset(rule.path for rule in self._rules if rule.effect is Effect.OMIT_ZERO)

    def body(self, schema: Block) -> dict[str, Json]:
        """The arguments and nested blocks."""
        values: dict[str, Json] = dict(self._subject.attributes)
        # Tags that the provider's default_tags add are the object's as much as its own.
        if "tags" in schema.attributes and values.get("tags_all"):
            values["tags"] = values["tags_all"]
        body = self._block(schema, values, "")
        for rule in self._rules:
            if rule.effect is Effect.DEFAULT and self._lacks(rule, values):
                body[rule.path] = rule.value
        return self._with_placeholders(body, schema, values)

    def _lacks(self, rule: Rule, values: Mapping[str, Json]) -> bool:
        others = ("extended_statistic", "metric_query") if rule.path in {"statistic", "period"} else ()
        return not values.get(rule.path) and not any(values.get(other) for other in others)

    def _block(self, schema: Block, values: Mapping[str, Json], path: str) -> dict[str, Json]:
        written: dict[str, Json] = {}
        for name, attribute in schema.attributes.items():
            if self._is_written(name, attribute, values, path):
                value = self._value(values[name], name, attribute)
                if not (attribute.computed and _is_dangling(value)):
                    written[name] = value
        for name, nested in schema.blocks.items():
            if nested.deprecated or name in _NEVER_A_BLOCK or path + name in self._omitted:
                continue
            bodies = [
                self._block(nested.block, body, f"{path}{name}.")
                for body in _bodies(values.get(name))
                if _says_something(nested.block, body)
            ]
            if bodies:
                written[name] = list(bodies)
        return written

    def _is_written(self, name: str, attribute: Attribute, values: Mapping[str, Json], path: str) -> bool:
        if not attribute.settable or path + name in self._omitted or (not path and name in _NEVER_AT_THE_TOP):
            return False
        value = values.get(name)
        if attribute.required:
            return value is not None
        if is_empty(value) or attribute.deprecated:
            return False
        if not value and path + name in self._not_zero:
            return False
        return not (attribute.computed and _is_the_engines(name, value))

    def _value(self, value: Json, name: str, attribute: Attribute) -> Json:
        match value:
            case str():
                return self._references.write(self._subject.address, value, name, self._left_out)
            case list():
                return [self._value(item, name, attribute) for item in value]
            case dict() if attribute.is_objects:
                return {key: None if item == "" else self._value(item, key, attribute) for key, item in value.items()}
            case dict():
                return {escaped(key): self._value(item, key, attribute) for key, item in value.items()}
            case _:
                return value

    def _with_placeholders(self, body: dict[str, Json], schema: Block, values: Mapping[str, Json]) -> dict[str, Json]:
        for row in PLACEHOLDERS:
            if row.type != self._subject.type or (row.unless and values.get(row.unless)):
                continue
            body = {name: value for name, value in body.items() if name not in row.replaces}
            body[row.argument] = self._placeholder(row.content)
            self.unknown.append(row.part)
        for name in tuple(body):
            part = HASHED.get((self._subject.type, name))
            value = values.get(name)
            if part and isinstance(value, str) and _SHA1.fullmatch(value):
                text = f"# placeholder of {self._name}\n"
                body[name] = base64.b64encode(text.encode()).decode() if name.endswith("_base64") else text
                self.unknown.append(part)
        for name, attribute in schema.attributes.items():
            if attribute.write_only and values.get(f"{name}_version") is not None:
                body[name] = f"placeholder-of-{self._name}"
                self.unknown.append(name)
        return body

    def _placeholder(self, content: Content) -> str:
        """A content of this object's own: what is derived from it (a digest) tells the objects apart."""
        if content is Content.TEXT:
            return f"placeholder of {self._name}\n"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("index.py", _EPOCH), f"# placeholder of {self._name}\n")
        file = f"{self._name}.zip"
        self.files[file] = buffer.getvalue()
        return file


def is_empty(value: Json) -> bool:
    """Whether a value says nothing: null, or an empty text, list or object (false and zero do say something)."""
    return value is None or value in ("", [], {})


def _omits(rule: Rule, values: Mapping[str, Json]) -> bool:
    beside = rule.effect is Effect.OMIT_BESIDE and bool(values.get(str(rule.value)))
    return beside or rule.effect is Effect.OMIT


def _is_the_engines(name: str, value: Json) -> bool:
    """Whether an optional and computed value is rather the engine's than the configuration's."""
    if isinstance(value, str):
        return value.startswith(ENGINE_ASSIGNED_DEFAULT) or name.endswith("_prefix")
    return value is False or value == 0


def _is_dangling(value: Json) -> bool:
    """Whether an id was not recognised as anybody's: it would mean nothing to the engine (but images are AWS's own)."""
    is_id = isinstance(value, str) and UNMISTAKABLE.fullmatch(value) is not None
    return is_id and not str(value).startswith(("arn:", "ami-"))


def _bodies(value: Json) -> Iterable[Mapping[str, Json]]:
    match value:
        case dict():
            yield value
        case list():
            yield from (item for item in value if isinstance(item, dict))
        case _:
            return


def _says_something(schema: Block, body: Mapping[str, Json]) -> bool:
    """Whether a nested block can be written: providers also report blocks that nobody wrote, with nothing in them."""
    required = [name for name, attribute in schema.attributes.items() if attribute.required]
    return not required or any(not is_empty(body.get(name)) for name in required)
