"""AWS configuration files for a program that is run against the clone: every profile it may name leads there.

A script may have a profile's name written into it. Only names, regions and the accounts of roles are taken over from
the user's own files; what could be a credential is not even looked at.

Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.executors.terraform.overrides import DUMMY_SECRET
from sandbox.place import Place

DEFAULT = "default"
MOST_PROFILES = 500
_NAMED = re.compile(
    r"""(?:profile_name|AWS_(?:DEFAULT_)?PROFILE|--profile|\bprofile)\s*[=:\s]\s*["']?([A-Za-z0-9_.@/+-]{1,128})"""
)
_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/")
_LARGEST_SCRIPT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile, as far as it tells where its calls go."""

    name: str
    place: Place


def profiles(environment: Mapping[str, str], scripts: Iterable[Path], default: Place) -> tuple[Profile, ...]:
    """Every profile that a program may name: the user's own, and those named in files that are run.

    Args:
        environment: The user's.
        scripts: Files to look for names in.
        default: Where a profile leads that tells nothing.
    """
    found = {profile.name: profile for profile in _own(environment, default)}
    named = {name for script in scripts for name in _named(script)}
    named |= {environment[name] for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if environment.get(name)}
    for name in sorted(named | {DEFAULT}):
        found.setdefault(name, Profile(name=name, place=default))
    return tuple(found.values())[:MOST_PROFILES]


def config_text(known: Iterable[Profile]) -> str:
    """The text of ``~/.aws/config``."""
    heads = ((DEFAULT if each.name == DEFAULT else f"profile {each.name}", each) for each in known)
    return "\n".join(f"[{head}]\nregion = {each.place.region}\n" for head, each in heads)


def credentials_text(known: Iterable[Profile]) -> str:
    """The text of ``~/.aws/credentials``: the access key id tells the clone the account."""
    return "\n".join(
        f"[{each.name}]\naws_access_key_id = {each.place.account}\naws_secret_access_key = {DUMMY_SECRET}\n"
        for each in known
    )


def _own(environment: Mapping[str, str], default: Place) -> Iterator[Profile]:
    home = Path(environment.get("HOME") or "/nonexistent") / ".aws"
    config = Path(environment.get("AWS_CONFIG_FILE") or home / "config")
    credentials = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials")
    sections = _sections(config)
    for head, values in sections.items():
        kind, _, name = head.partition(" ")
        if kind == "profile" and name.strip():
            yield _profile(name.strip(), values, default)
        elif head == DEFAULT:
            yield _profile(DEFAULT, values, default)
    for name in _sections(credentials).keys() - {DEFAULT} - {head.removeprefix("profile ") for head in sections}:
        yield Profile(name=name, place=default)


def _profile(name: str, values: Mapping[str, str], default: Place) -> Profile:
    role = _ROLE.match(values.get("role_arn", ""))
    account = role[1] if role else values.get("sso_account_id", "")
    return Profile(
        name=name,
        place=Place(
            account=account if re.fullmatch(r"\d{12}", account) else default.account,
            region=values.get("region", "").strip() or default.region,
        ),
    )


def _sections(file: Path) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    return {head: dict(parser.items(head)) for head in parser.sections()}


def _named(script: Path) -> set[str]:
    try:
        if script.stat().st_size > _LARGEST_SCRIPT:
            return set()
        return set(_NAMED.findall(script.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return set()
