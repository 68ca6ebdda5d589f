"""Secrets that come back from reads although nobody asked for them: changes stay visible, values do not.

Environment variables, user data, passwords and tokens are replaced by a digest keyed with random bytes that live as
long as the process: equal values give equal digests within one run, and a digest cannot be tried against guesses.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.inventory.kinds import normal

_KEY = secrets.token_bytes(32)

_SECRET_NAMES = re.compile(
    r"(password|passphrase|secret|secretkey|secretstring|secretbinary|clientsecret|authtoken|accesstoken|refreshtoken"
    r"|apitoken|privatekey|userdata|credentials|sshkey|authorizationtoken|certificatebody|masteruserpassword|apikeyvalue"
    r"|connectionstring|webhooksecret)$"
)
_NOT_SECRET_NAMES = re.compile(
    r"(has|is|enable|require|generate|manage|rotate|last|allow).*|.*(policy|secretid|secretarn)"
)
_CONTAINERS = frozenset({"environment", "environmentvariables", "environmentproperties", "envvars", "variables"})
"""Members under which every value is treated as secret: environments of functions, containers and builds."""
_NAMED_VALUES = frozenset({"value", "parametervalue"})


def redact(value: Any) -> Any:
    """The same tree with every secret-looking value replaced."""
    if isinstance(value, Mapping):
        hides_value = _is_secure_parameter(value)
        return {name: _redact_member(name, inner, hides_value=hides_value) for name, inner in value.items()}
    return [redact(inner) for inner in value] if isinstance(value, list) else value


def sealed(value: Any) -> str:
    """What stands for a secret value."""
    text = value if isinstance(value, bytes) else str(value).encode()
    return f"(sensitive sha256:{hmac.new(_KEY, text, hashlib.sha256).hexdigest()[:16]})"


def _redact_member(name: str, value: Any, *, hides_value: bool) -> Any:
    key = normal(str(name))
    if key in _CONTAINERS:
        return _seal_values(value)
    secret = _SECRET_NAMES.search(key) and not _NOT_SECRET_NAMES.fullmatch(key)
    if secret or (hides_value and key in _NAMED_VALUES):
        return _seal_leaves(value)
    return redact(value)


def _is_secure_parameter(value: Mapping[str, Any]) -> bool:
    """A parameter of SSM's type SecureString, or a pair whose name says that its value is secret."""
    if value.get("Type") == "SecureString":
        return True
    label = next(
        (value[n] for n in ("ParameterName", "Key", "key", "name", "Name") if isinstance(value.get(n), str)), ""
    )
    return bool(_SECRET_NAMES.search(normal(label)))


def _seal_values(value: Any) -> Any:
    """Seal what an environment maps names to; names stay readable, in a map as well as in name and value pairs."""
    if isinstance(value, list):
        return [_seal_values(inner) for inner in value]
    if not isinstance(value, Mapping):
        return _seal_leaves(value)
    if {normal(str(name)) for name in value} & _NAMED_VALUES:
        return {n: _seal_leaves(v) if normal(str(n)) in _NAMED_VALUES else v for n, v in value.items()}
    return {n: v if normal(str(n)) in {"type", "name"} else _seal_values(v) for n, v in value.items()}


def _seal_leaves(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _seal_leaves(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_seal_leaves(inner) for inner in value]
    return value if value is None or isinstance(value, bool) or value == "" else sealed(value)
