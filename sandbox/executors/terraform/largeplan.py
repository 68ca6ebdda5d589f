"""Reading a large plan: only the members that count are made into objects, the rest is passed over."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.executors.terraform.plantext import READ, TELLING

_Document = msgspec.defstruct(
    "_Document",
    [
        *((name, Any, msgspec.UNSET) for name in READ),
        # Raw is the text itself: nothing is parsed.
        *((name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in TELLING),
    ],
)


def decode(text: bytes) -> dict[str, Any] | None:
    """Read the members in `READ`, and whether those in `TELLING` are there (as null).

    Returns:
        None for what this decoder refuses and Python's own may read: numbers of any size, half a surrogate pair.
    """
    try:
        found = msgspec.json.decode(text, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    members = {name: getattr(found, name) for name in (*READ, *TELLING)}
    return {name: value if name in READ else None for name, value in members.items() if value is not msgspec.UNSET}
