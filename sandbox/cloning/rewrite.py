r"""Writing the real ids into an engine's state.

The state is parsed JSON here, never text: in text, an escape before an id (``\nvpc-1``) hides where the id begins.
Keys count as much as values, since engines keep records by id. An id is replaced between any two characters that are
neither letter nor digit, the longest possible first: ids contain one another (an API's id is part of its resources').

Afterwards each object's own records are looked up by what identifies it, and what means something only there (times,
host names) is replaced in them.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.cloning.idmap import ADDRESS, IdMap, Local
from sandbox.cloning.tfstate import Instance, Json

_BYTES = "__bytes__"
_WORD = re.compile(r"\\u[0-9a-fA-F]{4}|\\[nrtbf]|[A-Za-z0-9_-]+")
"""A word, or an escape in a document within the document, which would seem to begin one."""
_SEPARATOR = re.compile(r"([_-]+)")
_LONGEST_WORD = 40
"""Parts between separators: no id has so many."""

_IDENTIFYING = (
    "id", "arn", "name", "bucket", "function_name", "identifier", "domain_name", "key_id", "cluster_id",
    "replication_group_id", "uuid", "unique_id", "stream_arn",
)  # fmt: skip
_SHORTEST_IDENTITY = 3
_SHORTEST_TEXT = 3
_LARGEST_COMMON_NUMBER = 99
_EPOCHS = (1e9, 2e10)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(\.\d+)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A state with the real ids."""

    content: Json = field(repr=False)
    clashes: tuple[str, ...]
    """Records that would have got the key of another one, of which one is lost."""


def rewrite(content: Json, ids: IdMap, real: Iterable[Instance]) -> Rewritten:
    """Put the real ids into an engine's state.

    Args:
        content: The state.
        ids: The map.
        real: The objects as the real state has them.
    """
    everywhere = Everywhere(ids)
    rewritten = everywhere.rewrite(content)
    local = _Local(ids.locals, real, everywhere)
    return Rewritten(content=local.rewrite(rewritten, ()), clashes=tuple(everywhere.clashes))


class Everywhere:
    """Replaces identifiers wherever they are.

    Args:
        ids: What to write in the place of what.
    """

    def __init__(self, ids: IdMap) -> None:
        self.clashes: list[str] = []
        self._tokens = ids.tokens
        self._wholes = ids.wholes
        longest_first = sorted(ids.wholes, key=len, reverse=True)
        self._pattern = re.compile("|".join(_bounded(whole) for whole in longest_first)) if longest_first else None

    def rewrite(self, value: Json) -> Json:
        """Parsed JSON with the other ids in it, as keys too."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.rewrite(item) for item in value]
            case dict() if value.keys() == {_BYTES}:
                encoded = value[_BYTES]
                return {_BYTES: self._bytes(encoded) if isinstance(encoded, str) else encoded}
            case dict():
                return self._object(value)
            case _:
                return value

    def text(self, text: str) -> str:
        """A text with the other ids in it."""
        if text in self._wholes:
            return self._wholes[text]
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._wholes[match[0]], text)
        return _WORD.sub(lambda match: self._word(match[0]), text) if self._tokens else text

    def _object(self, value: Mapping[str, Json]) -> Json:
        written: dict[str, Json] = {}
        for key, item in value.items():
            new_key = self.text(key)
            if new_key in written:
                self.clashes.append(new_key.replace("\0", " "))
            written[new_key] = self.rewrite(item)
        return written

    def _word(self, word: str) -> str:
        if word in self._tokens:
            return self._tokens[word]
        parts = _SEPARATOR.split(word)
        if len(parts) == 1 or len(parts) > _LONGEST_WORD:
            return word
        written: list[str] = []
        start = 0
        while start < len(parts):
            end = self._longest(parts, start)
            written.append(self._tokens["".join(parts[start:end])] if end else parts[start])
            start = end or start + 1
        return "".join(written)

    def _longest(self, parts: list[str], start: int) -> int:
        """The end of the longest id that begins here; zero where none does."""
        candidates = range(len(parts), start, -1)
        return next((end for end in candidates if "".join(parts[start:end]) in self._tokens), 0)

    def _bytes(self, encoded: str) -> str:
        try:
            text = base64.b64decode(encoded).decode()
        except ValueError:  # not text: an archive, an image
            return encoded
        return base64.b64encode(self.text(text).encode()).decode("ascii")


def _bounded(whole: str) -> str:
    escaped = re.escape(whole)
    # 10.0.1.4 is not part of 10.0.1.41 or 110.0.1.4, nor of 10.0.1.4.5.
    return rf"(?<![A-Za-z0-9.]){escaped}(?![A-Za-z0-9]|\.\d)" if ADDRESS.fullmatch(whole) else escaped


@dataclass(slots=True)
class _Values:
    """What to replace in the records of one object."""

    exact: dict[int | float | str, int | float | str] = field(default_factory=dict)
    times: list[tuple[float, float]] = field(default_factory=list)

    def add(self, here: float | str, there: float | str) -> None:
        mine, theirs = _epoch(here), _epoch(there)
        if mine is not None and theirs is not None:
            self.times.append((mine, theirs))
        elif _is_telling(here):
            self.exact[here] = there

    def replaced(self, value: float | str) -> float | str:
        if value in self.exact:
            return self.exact[value]
        for here, there in self.times:
            new = _moved(value, here, there)
            if new is not None:
                return new
        return value


class _Local:
    """Replaces values in the records of the object that they belong to."""

    def __init__(
        self, pairs: Mapping[str, tuple[Local, ...]], real: Iterable[Instance], everywhere: Everywhere
    ) -> None:
        self._values: dict[str, _Values] = {}
        self._owners: defaultdict[str, list[str]] = defaultdict(list)
        for instance in real:
            if instance.address not in pairs:
                continue
            values = self._values[instance.address] = _Values()
            for here, there in pairs[instance.address]:
                values.add(everywhere.text(here) if isinstance(here, str) else here, there)
            for text in {instance.text(name) for name in _IDENTIFYING}:
                if len(text) >= _SHORTEST_IDENTITY:
                    self._owners[text].append(instance.address)

    def rewrite(self, value: Json, owners: tuple[str, ...]) -> Json:
        match value:
            case dict():
                texts = (item for item in value.values() if isinstance(item, str))
                here = self._joined(owners, texts)
                return {key: self.rewrite(item, self._joined(here, _key_texts(key))) for key, item in value.items()}
            case list():
                return [self.rewrite(item, owners) for item in value]
            case str() | int() | float() if not isinstance(value, bool):
                return self._leaf(value, owners)
            case _:
                return value

    def _joined(self, owners: tuple[str, ...], texts: Iterable[str]) -> tuple[str, ...]:
        found = [address for text in texts for address in self._owners.get(text, ())]
        return tuple(dict.fromkeys([*owners, *found])) if found else owners

    def _leaf(self, value: float | str, owners: tuple[str, ...]) -> float | str:
        for address in owners:
            new = self._values[address].replaced(value)
            if new != value:
                return new
        return value


def _key_texts(key: str) -> tuple[str, ...]:
    """What a key may name: itself, or the last part of one that holds account and region."""
    return (key, key.rpartition("\0")[2].strip("'\"")) if "\0" in key else (key,)


def _is_telling(value: float | str) -> bool:
    return len(value) >= _SHORTEST_TEXT if isinstance(value, str) else value > _LARGEST_COMMON_NUMBER


def _epoch(value: float | str) -> float | None:
    """A time as seconds since 1970; None where it is none."""
    if not isinstance(value, str):
        return None
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[3]}").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() + float(f"0{match[4] or ''}")


def _moved(value: float | str, here: float, there: float) -> float | str | None:
    """A time of the scratch engine's as the real one, in the form that the engine keeps; None for another time."""
    if isinstance(value, str):
        mine = _epoch(value)
        return _like(value, there) if mine is not None and abs(mine - here) < 1 else None
    if _EPOCHS[0] < value < _EPOCHS[1] and abs(value - here) < 1:
        return type(value)(there)
    if value > _EPOCHS[0] * 1000 and abs(value / 1000 - here) < 1:
        return type(value)(there * 1000)
    return None


def _like(form: str, moment: float) -> str:
    match = _TIME.fullmatch(form)
    if match is None:
        return form
    when = datetime.fromtimestamp(moment, UTC)
    digits = len(match[4]) - 1 if match[4] else 0
    fraction = f".{when.microsecond:06d}000"[: digits + 1] if digits else ""
    return f"{when:%Y-%m-%d}{match[2]}{when:%H:%M:%S}{fraction}{match[5]}"
