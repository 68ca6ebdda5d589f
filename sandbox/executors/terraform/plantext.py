"""From the bytes of a saved plan to parsed JSON, whatever shell wrote them; and what a file that is no plan is instead.

PowerShell 5 redirects as UTF-16, editors put a byte order mark in front. RFC 8259 leaves open what a name that is there
twice means: the last one counts, as it does for Terraform's own library. Most of a large plan (`planned_values`,
`prior_state`) says nothing that `resource_changes` does not say, and is passed over unread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from sandbox.errors import ConfigurationError

READ = (
    "action_invocations",
    "checks",
    "complete",
    "configuration",
    "deferred_action_invocations",
    "deferred_changes",
    "errored",
    "format_version",
    "plan_format_version",
    "resource_changes",
    "resource_drift",
    "terraform_version",
)
"""What a review reads of a plan."""
TELLING = ("lineage", "planned_values", "provider_schemas", "serial", "values")
"""What tells a plan from the other documents that Terraform writes; only whether it is there counts."""

HINT = "A plan comes from: terraform plan -out=FILE && terraform show -json FILE > plan.json"
MANY = 130_000
"""Members from which on a faster decoder is worth the time that loading it takes: 24 ms, against 0.2 us for each."""
_SAMPLE = 65_536
ZIP = b"PK\x03\x04"
_QUOTED = 60
_HUMAN = r"\x1b\[|(Terraform|OpenTofu) (will|used|detected)|No changes\.|Note: Objects|Plan: \d|data\.|\w+\.\w+: "


def decode_plan(content: bytes, *, name: str) -> Mapping[str, Any]:
    """Read a plan's JSON: the members in `READ`, and whether those in `TELLING` are there (as null).

    Raises:
        ConfigurationError: it is not JSON, or JSON that is no plan; says what it is instead.
    """
    if content.startswith(ZIP):
        raise ConfigurationError(
            f"{name} is a binary plan.", hint="Name the initialised root module that it was made in with --dir."
        )
    text = _utf8(content, name)
    try:
        document = _members(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(text, name, error) from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name} is not a plan: it is not a JSON object.", hint=HINT)
    _check_kind(document, name)
    return document


def _utf8(content: bytes, name: str) -> bytes:
    encoding = json.detect_encoding(content)
    if encoding == "utf-8":
        return content
    try:
        return content.decode(encoding).removeprefix("\ufeff").encode()
    except ValueError as error:
        raise ConfigurationError(f"{name} is not text in {encoding.upper()}: {error}.", hint=HINT) from error


def _members(text: bytes) -> Any:
    if _estimated_members(text) >= MANY:
        # Takes longer to load than a small plan to read.
        from sandbox.executors.terraform import largeplan  # noqa: PLC0415 - see above

        document = largeplan.decode(text)
        if document is not None:
            return document
    parsed = json.loads(text, parse_constant=_refuse)
    if not isinstance(parsed, dict):
        return parsed
    return {name: parsed[name] for name in READ if name in parsed} | {name: None for name in TELLING if name in parsed}


def _estimated_members(text: bytes) -> int:
    """Estimate how many members the objects have, from some bytes in the middle."""
    start = max(0, (len(text) - _SAMPLE) // 2)
    sample = text[start : start + _SAMPLE]
    return sample.count(b'":') * len(text) // max(1, len(sample))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _check_kind(document: Mapping[str, Any], name: str) -> None:
    """Tell a plan from whatever else Terraform writes as JSON."""
    is_plan = any(key in document for key in ("resource_changes", "planned_values", "configuration"))
    if "lineage" in document or "serial" in document:
        raise ConfigurationError(f"{name} is a state file, not a plan.", hint=HINT)
    if not is_plan and "provider_schemas" in document:
        raise ConfigurationError(f"{name} holds the schemas of providers, not a plan.", hint=HINT)
    if not is_plan and "format_version" in document:
        raise ConfigurationError(f"{name} is what `terraform show -json` says of a state, not of a plan.", hint=HINT)
    version = document.get("format_version", document.get("plan_format_version"))
    if version is None:
        raise ConfigurationError(f"{name} is not a plan: it names no format_version.", hint=HINT)
    if not isinstance(version, str) or version.partition(".")[0] not in {"0", "1"}:
        raise ConfigurationError(
            f"The plan {name} has the format version {str(version)[:_QUOTED]!r}; 0.1 to 1.x are known.",
            hint="Use a Terraform or OpenTofu that this version of sandtable knows, or a newer sandtable.",
        )


def _no_json(text: bytes, name: str, error: Exception) -> ConfigurationError:
    start = text[:2_000].decode(errors="replace").lstrip()
    if not start:
        return ConfigurationError(f"{name} is empty.", hint=HINT)
    if re.match(_HUMAN, start):
        return ConfigurationError(f"{name} is a plan as people read it, not as JSON.", hint=HINT)
    if '"@level"' in start:
        return ConfigurationError(f"{name} is the log of `terraform plan -json`, not a plan.", hint=HINT)
    problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return ConfigurationError(f"{name} is not a plan in JSON: {problem}.", hint=HINT)
