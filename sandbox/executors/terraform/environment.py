"""The environment that Terraform, its providers and its provisioners get: an allowlist, and the clone's credentials.

A change that is rehearsed may print or send away whatever it finds there, so nothing is inherited by default: no
credentials, no agents' sockets, no proxies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.executors.terraform.overrides import DUMMY_SECRET, MAX_RETRIES

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

NOWHERE = "http://127.0.0.1:1"
"""An endpoint for a configuration whose commands each name another, or call nothing."""

GARBAGE_COLLECTION = "400"
"""Terraform and its providers live for seconds: collecting garbage more rarely saves a third of their CPU time."""

_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ")
_INHERITED_BY_INIT = (
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_DATA_DIRS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""What it takes to find mirrors and to reach a registry; ``init`` runs no code of the change."""


AWS_ALIASES = ".aws/cli/alias"
"""Where the AWS CLI looks for aliases: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-alias.html"""
_OWN_HOSTS = ("docdb", "emr", "health", "neptune", "rds", "sqs")
"""Services for which the AWS CLI, version 1, names older hosts by itself unless it is given an endpoint as an argument
(``awscli/customizations/overridesslcommonname.py``); an alias gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a child's home, temporary files and AWS configuration are: all of them in the scratch folder."""

    home: Path
    temporary: Path
    aws_config: Path
    aws_credentials: Path
    aws_aliases: Path

    @property
    def files(self) -> tuple[Path, Path, Path]:
        """What of the home has something in it."""
        return self.aws_config, self.aws_credentials, self.aws_aliases

    @classmethod
    def create(cls, scratch: Path, *, endpoint: str, account: str, region: str) -> Surroundings:
        """Make the folders, and AWS configuration files that hold the clone's address and credentials only."""
        home, temporary = scratch / "home", scratch / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config, credentials = home / "aws-config", home / "aws-credentials"
        config.write_text(f"[default]\nregion = {region}\n", encoding="ascii")
        credentials.write_text(
            f"[default]\naws_access_key_id = {account}\naws_secret_access_key = {DUMMY_SECRET}\n", encoding="ascii"
        )
        aliases = home / AWS_ALIASES
        aliases.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = (f"{service} = {service} --endpoint-url {endpoint}\n" for service in _OWN_HOSTS)
        aliases.write_text(f"[toplevel]\n{''.join(lines)}", encoding="ascii")
        return cls(
            home=home,
            temporary=temporary,
            aws_config=config,
            aws_credentials=credentials,
            aws_aliases=aliases,
        )


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")
_DIRECT = "127.0.0.1,localhost"


def for_commands(
    inherited: Mapping[str, str],
    surroundings: Surroundings,
    *,
    endpoint: str,
    account: str,
    region: str,
    workspace: str = "default",
) -> dict[str, str]:
    """The environment of every command but ``init``.

    Args:
        inherited: The environment of this program, taken at its edge.
        surroundings: The child's folders.
        endpoint: The clone, by IP address: with a host name, S3 would put the bucket's name before it.
        account: The account of the dummy credentials; engines read it from the access key id.
        region: The default region.
        workspace: The Terraform workspace.
    """
    kept = {name: inherited[name] for name in _INHERITED if name in inherited}
    variables = {name: value for name, value in inherited.items() if name.startswith("TF_VAR_")}
    return {
        "PATH": DEFAULT_PATH,
        **kept,
        **variables,
        "HOME": str(surroundings.home),
        "TMPDIR": str(surroundings.temporary),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": GARBAGE_COLLECTION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_MAX_ATTEMPTS": str(MAX_RETRIES + 1),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(surroundings.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": str(surroundings.aws_credentials),
        **_proxies(endpoint),
        **({"TF_WORKSPACE": workspace} if workspace != "default" else {}),
    }


def _proxies(endpoint: str) -> dict[str, str]:
    """Send every other web request to the recorder, which refuses it and says so in the report.

    It also gives S3 Control a way in: its clients put the account id before the endpoint's host name. Loopback
    addresses are reached directly (Go's `net/http` does that by itself; others want to be told).
    """
    through = dict.fromkeys((*_PROXIES, *(name.lower() for name in _PROXIES)), endpoint)
    return {**through, "NO_PROXY": _DIRECT, "no_proxy": _DIRECT}


def for_init(
    commands: Mapping[str, str], inherited: Mapping[str, str], *, cli_config: Path | None, plugin_cache: Path | None
) -> dict[str, str]:
    """The environment of ``init``: it sees the user's home and CLI configuration, for mirrors and private registries.

    Args:
        commands: What ``for_commands`` made.
        inherited: The environment of this program.
        cli_config: The CLI configuration to use; None for the one in the user's home.
        plugin_cache: A folder that keeps providers from one run to the next.
    """
    kept = {name: inherited[name] for name in ("HOME", *_INHERITED_BY_INIT) if name in inherited}
    tokens = {name: value for name, value in inherited.items() if name.startswith("TF_TOKEN_")}
    environment = {
        **{name: value for name, value in commands.items() if _is_for_init(name)},
        **kept,
        **tokens,
        # Private modules over SSH or with a password would otherwise wait for an answer that nobody gives.
        "GIT_TERMINAL_PROMPT": "0",
    }
    if cli_config is not None:
        environment["TF_CLI_CONFIG_FILE"] = str(cli_config)
    if plugin_cache is not None:
        environment["TF_PLUGIN_CACHE_DIR"] = str(plugin_cache)
        # The lock file is a copy; without this, a cached provider is fetched again whenever the lock does not list it.
        environment["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "true"
    return environment


def _is_for_init(name: str) -> bool:
    return not name.startswith(("AWS_", "TF_VAR_")) and name.upper() not in {*_PROXIES, "NO_PROXY"}


def cache_folder(inherited: Mapping[str, str]) -> Path | None:
    """This tool's folder under the user's XDG cache folder; None where there is no home."""
    base = inherited.get("XDG_CACHE_HOME", "")
    if not Path(base).is_absolute():
        home = inherited.get("HOME", "")
        base = str(Path(home) / ".cache") if Path(home).is_absolute() else ""
    return Path(base) / "sandtable" if base else None
