"""Names by which one resource is found in another's attributes: ARNs, ids that AWS makes up, URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from diffing.values import Value

# Compiled by the first that asks: most changes have nobody ask.
_ARN = r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12})?:[^\s\"'*?,{}\[\]\\]+"
_ID = r"[a-z]{1,20}-[0-9a-f]{8}(?:[0-9a-f]{9})?"
_URL = r"https?://[^\s\"']+/\d{12}/[^\s\"'/]+"


def is_telling(name: str) -> bool:
    """Whether a name stands for one resource wherever it is found; a bare word does not."""
    return any(re.fullmatch(pattern, name) for pattern in (_ARN, _ID, _URL))


def names_in(value: Value) -> Iterator[str]:
    """Yield every telling name in a value, also in documents that it holds as text."""
    match value:
        case str():
            if ":" in value:
                yield from (match.rstrip("/:") for match in re.findall(_ARN, value))
                yield from re.findall(_URL, value)
            elif "-" in value and re.fullmatch(_ID, value):
                yield value
        case Mapping():
            for inner in value.values():
                yield from names_in(inner)
        case tuple():
            for inner in value:
                yield from names_in(inner)


def account_of(name: str) -> str:
    """Return the account in an ARN or a URL; empty where there is none."""
    match = re.search(r"(?::|/)(\d{12})(?::|/)", name)
    return match[1] if match else ""


def stems(name: str) -> Iterator[str]:
    """Yield a name and what it may be a part of: the function of an alias, the log group of its streams."""
    yield name
    for separator in (":", "/"):
        head, _, _ = name.rpartition(separator)
        if head.count(":") >= 5 and head:  # noqa: PLR2004 - the parts of an ARN
            yield head
