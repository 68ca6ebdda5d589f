"""Passes: what a rehearsal that ended in approve leaves behind, and a hook asks for (docs/adr/0016-passes.md).

A pass is a file in the user's cache folder. It says what was rehearsed, by its digest, and is sealed with a key of the
user's own (HMAC-SHA256, RFC 2104). It fits only what has the same digest now, for an hour, once. Whoever can read the
key can make passes: a pass is a reminder among friends, not a boundary.

Asked by hooks before each command: imports nothing that takes time, and keeps its records in named tuples.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sandbox.executors.terraform.fingerprint import Extent

LIFETIME = 3600.0
"""Seconds for which a pass holds: production moves on."""
FOLDER = "passes"
TERRAFORM = "terraform"
COMMAND = "command"

_KEY_BYTES = 32
_PRIVATE = 0o077
_LARGEST = 64 * 1024
_VARIABLE = "TF_VAR_"


class Pass(NamedTuple):
    """What may run once."""

    kind: str
    """`TERRAFORM` or `COMMAND`."""
    program: str
    """``terraform`` or ``tofu``; empty for a command."""
    directory: str
    """The root module, or where the command is run; absolute, links resolved."""
    digest: str
    """What the report calls ``proposal.digest``."""
    files: str
    """The digest of the files alone; the same as `digest` for Terraform."""
    extent: Extent
    inputs: str
    """A keyed digest of variables and of the command's words: they may hold secrets."""
    workspace: str
    watched: dict[str, str]
    """Other files that the judgement rests on (state, policy), by their SHA-256."""
    target: str
    policy: str
    """The policy's digest."""
    expires: float
    """Seconds since 1970."""


class Wanted(NamedTuple):
    """What somebody wants to run, as far as a pass must fit it."""

    kind: str
    program: str
    directory: str
    words: tuple[str, ...] = ()
    """The command and its arguments; none for Terraform."""
    variables: tuple[str, ...] = ()
    """``NAME=VALUE``, as given to ``-var``, in order."""
    var_files: tuple[str, ...] = ()
    workspace: str = "default"


def folder_of(environment: Mapping[str, str]) -> str | None:
    """Where passes are, under the user's XDG cache folder; None where there is no home.

    The same place as `sandbox.executors.terraform.environment.cache_folder`, which imports too much.
    """
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = environment.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return os.path.join(base, "sandtable", FOLDER) if base else None


def inputs_of(wanted: Wanted, environment: Mapping[str, str], key: bytes) -> str:
    """The keyed digest of everything but files that what is run depends on."""
    ambient = sorted(f"{name}={value}" for name, value in environment.items() if name.startswith(_VARIABLE))
    text = json.dumps([wanted.words, wanted.variables, ambient if wanted.kind == TERRAFORM else []])
    return _keyed(text.encode(errors="surrogateescape"), key)


def write(granted: Pass, folder: str, key: bytes) -> str:
    """Put a pass into the folder and return its file's name."""
    body = json.dumps(granted._asdict() | {"extent": granted.extent._asdict()}, sort_keys=True)
    document = json.dumps({"pass": body, "seal": _seal(body, key)})
    path = os.path.join(folder, f"{os.urandom(12).hex()}.json")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(document)
    return path


def take(wanted: Wanted, environment: Mapping[str, str], *, now: Callable[[], float] = time.time) -> bool:
    """Use up the pass for something, and say whether there was one.

    Args:
        wanted: What is to run.
        environment: The variables that it would run with.
        now: Seconds since 1970.
    """
    folder = folder_of(environment)
    key = None if folder is None else read_key(folder)
    if folder is None or key is None:
        return False
    for path, granted in _passes(folder, key):
        if granted.expires <= now():
            _remove(path)
        elif _fits(granted, wanted, environment, key) and _remove(path):
            return True
    return False


def _fits(granted: Pass, wanted: Wanted, environment: Mapping[str, str], key: bytes) -> bool:
    same = (
        granted.kind == wanted.kind
        and granted.program == wanted.program
        and granted.directory == wanted.directory
        and granted.workspace == wanted.workspace
        and granted.extent.var_files == wanted.var_files
        and _is_same(granted.inputs, inputs_of(wanted, environment, key))
    )
    return same and _is_unchanged(granted)


def _is_unchanged(granted: Pass) -> bool:
    from sandbox.executors.terraform.fingerprint import UnfitError, fingerprint  # noqa: PLC0415 - reads files

    try:
        watched = all(file_digest(path) == digest for path, digest in granted.watched.items())
        return watched and fingerprint(granted.extent) == granted.files
    except (OSError, UnfitError):
        return False


def _passes(folder: str, key: bytes) -> Iterator[tuple[str, Pass]]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        granted = _opened(path, key)
        if granted is not None:
            yield path, granted


def _opened(path: str, key: bytes) -> Pass | None:
    """A pass whose seal holds; None for anything else."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as file:
            document = json.loads(file.read(_LARGEST))
        if not _is_same(str(document["seal"]), _seal(str(document["pass"]), key)):
            return None
        return _parsed(json.loads(document["pass"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _parsed(body: dict[str, Any]) -> Pass:
    from sandbox.executors.terraform.fingerprint import Extent  # noqa: PLC0415 - as above

    # Sealed, so written by `write`; an older version's has other fields, and is no pass.
    extent: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in body["extent"].items()
    }
    return Pass(**(body | {"extent": Extent(**extent)}))


def _seal(body: str, key: bytes) -> str:
    return _keyed(body.encode(), key)


def _keyed(content: bytes, key: bytes) -> str:
    import hmac  # noqa: PLC0415 - where there are no passes, a hook does without

    return hmac.new(key, content, "sha256").hexdigest()


def _is_same(a: str, b: str) -> bool:
    import hmac  # noqa: PLC0415 - as above

    return hmac.compare_digest(a, b)


def _remove(path: str) -> bool:
    """Whether it was there: of two that ask at once, one gets it."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def read_key(folder: str) -> bytes | None:
    """The key, where there is one that nobody else can read."""
    try:
        with os.fdopen(os.open(os.path.join(folder, "key"), os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            status = os.fstat(file.fileno())
            key = file.read(_KEY_BYTES + 1)
    except OSError:
        return None
    safe = status.st_uid == os.geteuid() and not status.st_mode & _PRIVATE
    return key if safe and len(key) == _KEY_BYTES else None


def make_key(folder: str) -> bytes | None:
    """The key, made where there is none yet; None where it cannot be kept private."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, "key")
    # Written whole under another name first: whoever reads meanwhile finds all of it or nothing.
    draft = f"{path}.{os.urandom(6).hex()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(os.urandom(_KEY_BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return read_key(folder)


def file_digest(path: str) -> str:
    """SHA-256 of a file's content."""
    import hashlib  # noqa: PLC0415 - as above

    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
