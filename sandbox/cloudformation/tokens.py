"""What is decided only at deployment, inside text: ``${Table.Arn}`` between two characters that no template holds.

A reference, a `Fn::Sub` and a `Fn::Join` that say the same come out as the same text, so that two templates can be
compared, and what depends on what can be read off. Secrets (parameters with ``NoEcho``) stand in the text as a digest
under a key that lives as long as the process: equal secrets are equal, and none can be read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.values import Marker, Value
from sandbox.cloudformation.text import CLOSE, OPEN

_KEY = secrets.token_bytes(32)
_REFERENCE = re.compile(rf"{OPEN}([A-Za-z0-9/_-]+)(?:\.([^{OPEN}{CLOSE}]+))?{CLOSE}")
_STACK = re.compile(rf"{OPEN}(?::|[A-Za-z0-9/_-]*/)?")
_SECRET_TOKEN = f"{OPEN}:NoEcho:"
UNTOLD = "NotTold0"
"""Begins what stands for a secret that nobody tells; alone, it stands for one that was written into a template."""
_UNTOLD_TOKEN = f"{_SECRET_TOKEN}untold:"


def reference(address: str, attribute: str = "") -> str:
    """Return the token for a resource's physical id, or for one of its attributes.

    Args:
        address: ``STACK/LogicalId``; a nested stack's name is ``STACK/LogicalId`` of its own.
        attribute: As ``Fn::GetAtt`` names it.
    """
    return f"{OPEN}{address}.{attribute}{CLOSE}" if attribute else f"{OPEN}{address}{CLOSE}"


def opaque(text: str) -> str:
    """Return a token for anything else that nobody can work out; equal texts are equal values."""
    return f"{OPEN}:{text}{CLOSE}"


def secret(value: str) -> str:
    """Return the token for a value that must not be shown."""
    start = _UNTOLD_TOKEN if is_untold(value) else _SECRET_TOKEN
    return f"{start}{hmac.new(_KEY, value.encode(), hashlib.sha256).hexdigest()[:24]}{CLOSE}"


def untold(name: str) -> str:
    """Return what stands for a secret value that nobody tells; engines take it for a password.

    Args:
        name: The parameter's: what two parameters hold is not taken to be the same.
    """
    return f"{UNTOLD}{name}"


def is_untold(value: str) -> bool:
    """Whether a text, or a secret's token, stands for a value that nobody tells."""
    return value.startswith((UNTOLD, _UNTOLD_TOKEN))


def is_secret(value: Value) -> bool:
    """Whether a value is a secret and nothing else."""
    return isinstance(value, str) and value.startswith(_SECRET_TOKEN) and value.index(CLOSE) == len(value) - 1


def has_token(value: Value) -> bool:
    """Whether something in a value is decided only at deployment."""
    return any(OPEN in text for text in texts(value))


def references(value: Value) -> Iterator[tuple[str, str]]:
    """Yield every reference in a value: address and attribute (empty for the physical id)."""
    for text in texts(value):
        if OPEN in text:
            for found in _REFERENCE.finditer(text):
                yield found[1], found[2] or ""


def texts(value: Value) -> Iterator[str]:
    """Yield every text in a value, in no particular order."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case Mapping() as inner:
                waiting += inner.values()
            case tuple() as items:
                waiting += items
            case _:
                pass


def shown(value: Value) -> Value:
    """The value as people may read it: references as ``${Table.Arn}``, secrets as a marker."""
    match value:
        case str():
            if _SECRET_TOKEN in value:
                return Marker.SENSITIVE
            return _STACK.sub("${", value).replace(CLOSE, "}") if OPEN in value else value
        case Mapping():
            return MappingProxyType({name: shown(inner) for name, inner in value.items()})
        case tuple():
            return tuple(shown(inner) for inner in value)
        case _:
            return value


def substitute(value: Value, known: Mapping[str, str]) -> Value:
    """Put texts in the place of tokens."""
    match value:
        case str() if OPEN in value:
            for token, text in known.items():
                value = value.replace(token, text)
            return value
        case Mapping():
            return MappingProxyType({name: substitute(inner, known) for name, inner in value.items()})
        case tuple():
            return tuple(substitute(inner, known) for inner in value)
        case _:
            return value
