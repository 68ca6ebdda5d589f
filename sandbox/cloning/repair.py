"""Repairing a written configuration from what Terraform says about it.

A schema does not tell which arguments exclude each other, nor what an engine lacks; Terraform's diagnostics do, with
the line, or with the names of the arguments in their text. The repair is always to write less: an argument that says
nothing or that only repeats a computed value, else a block with nothing in it, and where there is nothing left to leave
out, the object itself, which is then a gap with the diagnostic as its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from diffing.values import Path
from sandbox.cloning.document import Document
from sandbox.cloning.secrets import Scrubber
from sandbox.cloning.synthesise import FILE, Repairs, Synthesis, is_empty
from sandbox.cloning.tfstate import Json
from sandbox.rehearsal import Diagnostic

_CONFLICT = re.compile(
    r"conflict|invalid combination|only one of|cannot be specified when|mutually exclusive", re.IGNORECASE
)
_NAME = re.compile(r"[a-z_][a-z0-9_]+(?:\.0\.[a-z_0-9]+)*")
_API_NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
_LONGEST_REASON = 300
_OBJECT = 3
"""Steps into the document to an object: ``resource``, type, name."""
_ADDRESS = re.compile(r"\w+\.r\d{4}_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One thing that is not written any more."""

    address: str
    path: str
    """The argument; empty for the whole object."""
    reason: str


def repair(
    diagnostics: Iterable[Diagnostic], document: Document, synthesis: Synthesis, repairs: Repairs
) -> tuple[Repair, ...]:
    """Repair every error that can be told to belong to an object; nothing where there is none.

    Args:
        diagnostics: What Terraform said.
        document: What it said it about.
        synthesis: Wrote it.
        repairs: What is not written already; added to.
    """
    done: list[Repair] = []
    for diagnostic in diagnostics:
        if diagnostic.severity != "error":
            continue
        address, place = _located(diagnostic, document, synthesis)
        if not address or any(each.address == address and not each.path for each in done):
            continue
        text = f"{diagnostic.summary} {diagnostic.detail}"
        patient = _Patient(address, _Blame.of(place, document), text, synthesis, repairs)
        if patient.treated(done):
            continue
        path = patient.remedy()
        reason = _reason(text, synthesis, address)
        if path:
            repairs.dropped[address].add(path)
        else:
            repairs.left_out[address] = reason
        done.append(Repair(address=address, path=path, reason=reason))
    return tuple(done)


def leave_out(
    diagnostics: Iterable[Diagnostic], failed: Iterable[str], document: Document, synthesis: Synthesis, repairs: Repairs
) -> None:
    """Give up on whatever failed, with what Terraform said about it as the reason."""
    for diagnostic in diagnostics:
        address, _ = _located(diagnostic, document, synthesis)
        if diagnostic.severity == "error" and address:
            text = f"{diagnostic.summary} {diagnostic.detail}"
            repairs.left_out.setdefault(address, _reason(text, synthesis, address))
    for name in failed:
        if name in synthesis.by_name:
            repairs.left_out.setdefault(synthesis.by_name[name], "it did not come up")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blame:
    """The argument that a diagnostic stands at."""

    argument: tuple[str, ...]
    """Without indices; empty where it stands at the whole object, or nowhere."""
    value: Json = field(repr=False)

    @classmethod
    def of(cls, place: Path, document: Document) -> _Blame:
        argument = tuple(step for step in place[_OBJECT:] if isinstance(step, str))
        return cls(argument=argument, value=document.value_at(place) if argument else None)


class _Patient:
    """One object with one complaint."""

    def __init__(self, address: str, blame: _Blame, text: str, synthesis: Synthesis, repairs: Repairs) -> None:
        self._address = address
        self._argument = blame.argument
        self._value = blame.value
        self._text = text
        self._schema = synthesis.schema(address)
        self._values = synthesis.by_address[address].attributes
        self._dropped = repairs.dropped[address]
        self._is_conflict = _CONFLICT.search(text) is not None

    def treated(self, done: Iterable[Repair]) -> bool:
        """Whether a repair made just now is also this complaint's: conflicting arguments each complain."""
        mine = {each.path for each in done if each.address == self._address}
        named = {*self._named(), ".".join(self._argument)}
        return bool(mine & named) if self._is_conflict else ".".join(self._argument) in mine

    def remedy(self) -> str:
        """What to leave out: an argument or a block; empty where nothing can be."""
        return self._at_the_place() or self._by_name()

    def _at_the_place(self) -> str:
        if not self._argument:
            return ""
        path = ".".join(self._argument)
        attribute = self._schema.attribute_at(self._argument)
        value = self._value
        if attribute is None or path in self._dropped:
            return ""
        if attribute.required:
            block = ".".join(self._argument[:-1])
            return block if block and is_empty(value) and block not in self._dropped else ""
        falsy = not value
        blamed = falsy or "expected" in self._text or attribute.computed
        return path if blamed and (falsy or not self._is_conflict) else ""

    def _by_name(self) -> str:
        """Of the arguments named: one that is computed as well, then one that says nothing, then any optional one."""
        candidates = [name for name in self._named() if self._may_go(name)]
        return min(candidates, key=self._worth, default="")

    def _named(self) -> list[str]:
        names = {*self._schema.attributes, *self._schema.blocks}
        plain = [
            name.replace(".0.", ".") for name in _NAME.findall(self._text) if name.split(".", maxsplit=1)[0] in names
        ]
        snake = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in _API_NAME.findall(self._text))
        return list(dict.fromkeys([*plain, *(name for name in snake if name in names)]))

    def _may_go(self, name: str) -> bool:
        first = name.split(".", maxsplit=1)[0]
        attribute = self._schema.attribute_at(name.split("."))
        written = not is_empty(self._values.get(first))
        return name not in self._dropped and written and (attribute is None or not attribute.required)

    def _worth(self, name: str) -> tuple[bool, bool]:
        attribute = self._schema.attribute_at(name.split("."))
        return bool(self._values.get(name.split(".", maxsplit=1)[0])), not (
            attribute is not None and attribute.computed
        )


def _located(diagnostic: Diagnostic, document: Document, synthesis: Synthesis) -> tuple[str, Path]:
    """The object that a diagnostic is about, and the place in the document; empty where it does not tell."""
    path = document.path_at(diagnostic.line) if diagnostic.filename.endswith(FILE) else ()
    match path:
        case ("resource", str(kind), str(name), *_):
            return synthesis.by_name.get(f"{kind}.{name}", ""), path
        case _:
            match = _ADDRESS.search(diagnostic.address)
            return synthesis.by_name.get(match[0], "") if match else "", ()


def _reason(text: str, synthesis: Synthesis, address: str) -> str:
    scrubbed = Scrubber.of(synthesis.by_address[address]).scrub(" ".join(text.split()))
    name = synthesis.names[address]
    return scrubbed.replace(f"with {name},", "").replace(name, address)[:_LONGEST_REASON]
