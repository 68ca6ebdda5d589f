"""Terraform's CLI configuration with `dev_overrides` in front: how a patched copy is used without being installed.

`init` must run without it (it would skip the overridden providers' installation and then miss them in the lock file);
every other command runs with it.

Source: Terraform, `internal/command/cliconfig/provider_installation.go`: the block must be the first method.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sandbox.errors import ConfigurationError

_TOKEN: Final = re.compile(
    r"""(?P<skip>\#[^\n]*|//[^\n]*|/\*.*?\*/|\s+)
      |(?P<text>"(?:[^"\\\n]|\\.)*")
      |(?P<word>[\w.-]+)
      |(?P<open>[{\[])|(?P<close>[}\]])
      |(?P<mark>[=,:])""",
    re.VERBOSE | re.DOTALL,
)


def with_overrides(base: str, overrides: Mapping[str, Path]) -> str:
    """Add overrides to a CLI configuration.

    Args:
        base: The text of the configuration used for `init`.
        overrides: Source address → folder with the provider's executable.

    Raises:
        ConfigurationError: the base is not one that can be extended.
    """
    if not overrides:
        return base
    lines = "".join(f"    {_quoted(address)} = {_quoted(str(path))}\n" for address, path in sorted(overrides.items()))
    at, inside = _place(base)
    if inside == "dev_overrides":
        return f"{base[:at]}\n{lines}{base[at:]}"
    block = f"  dev_overrides {{\n{lines}  }}\n"
    if inside == "provider_installation":
        return f"{base[:at]}\n{block}{base[at:]}"
    separator = "" if not base or base.endswith("\n") else "\n"
    return f"{base}{separator}provider_installation {{\n{block}  direct {{}}\n}}\n"


def is_quotable(text: str) -> bool:
    """Whether a string can stand in such a file (HCL 1 has no way to write ``${`` literally)."""
    return text.isprintable() and "${" not in text


def _quoted(text: str) -> str:
    if not is_quotable(text):
        raise ConfigurationError(f"{text!r} cannot be written into a Terraform CLI configuration")
    return json.dumps(text, ensure_ascii=False)


def _place(base: str) -> tuple[int, str]:
    """Behind which brace to insert, and of which block: of the overrides, of the installation methods, or none."""
    found = (len(base), "")
    path: list[str] = []
    word = ""
    at = 0
    while at < len(base):
        match = _TOKEN.match(base, at)
        if match is None:
            raise ConfigurationError(
                "The Terraform CLI configuration cannot be read.",
                hint="Write it in HCL, without here-documents.",
            )
        at = match.end()
        kind = match.lastgroup
        if kind == "open":
            path.append(word)
            if path == ["provider_installation"]:
                found = (at, "provider_installation")
            elif path == ["provider_installation", "dev_overrides"]:
                return at, "dev_overrides"
        elif kind == "close":
            if not path:
                raise ConfigurationError("The Terraform CLI configuration has a closing brace too many.")
            path.pop()
        elif kind != "skip" and not (kind == "mark" and match[0] == "="):
            word = match[0].strip('"')
    if path:
        raise ConfigurationError("The Terraform CLI configuration has an unclosed brace.")
    return found
