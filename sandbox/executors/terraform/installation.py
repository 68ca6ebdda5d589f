"""``terraform init`` of a copied configuration: modules and providers, without asking anybody."""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import ConfigurationError, MissingToolError, TimeoutExpiredError
from sandbox.executors.terraform import command, providers
from sandbox.executors.terraform.binary import TerraformBinary
from sandbox.executors.terraform.configuration import read_module
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.environment import cache_folder, for_init
from sandbox.executors.terraform.overrides import child_override, write_override
from sandbox.executors.terraform.run import Transcript, capture, describe, failure, run_command
from sandbox.executors.terraform.workspace import Workspace
from sandbox.ports import Progress

CLI_CONFIG = "sandtable.tfrc"
OWN_PROVIDERS = "terraform.d"
"""Where Terraform looks for providers in its working folder (developer.hashicorp.com/terraform/cli/config/config-file,
"Implied Local Mirror Directories")."""

_PROVIDER_TROUBLE = re.compile(
    r"provider packages|install provider|provider registry|registry service|provider source", re.IGNORECASE
)
_NAMED_PROVIDER = re.compile(r"provider (?:registry\S+ )?(?P<name>[\w.-]+/[\w.-]+(?:/[\w.-]+)?)")
_LOCK_POLL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """Runs ``init``, and looks for mirrors where the providers cannot be had otherwise."""

    binary: TerraformBinary
    inherited: Mapping[str, str]
    """The environment of this program."""
    child: Mapping[str, str]
    """The environment of the other commands."""
    scratch: Path
    account: str
    deadline: Deadline
    progress: Progress
    places: Sequence[Path] = providers.PLACES

    def install(self, workspace: Workspace) -> None:
        """Install everything the configuration needs, and override what came in with remote modules.

        Raises:
            ConfigurationError: Terraform does not accept the configuration, or sandtable cannot make it safe.
            MissingToolError: a provider cannot be had.
        """
        with self._plugin_cache(workspace) as plugin_cache:
            transcript = self._install(workspace, plugin_cache)
        if transcript.code != 0:
            raise failure(f"terraform init of the {workspace.name}", transcript)
        if workspace.unparsed:
            raise ConfigurationError(
                f"Sandtable could not read {', '.join(workspace.unparsed)} in {workspace.source}, although Terraform "
                "can; a provider block in there might lead out of the clone.",
                hint="Move provider, module and terraform blocks into a file of their own, in plain HCL.",
            )
        override_remote_modules(workspace, account=self.account, suffixes=self.binary.suffixes)

    def _install(self, workspace: Workspace, plugin_cache: Path | None) -> Transcript:
        cache = cache_folder(self.inherited)
        if cache is not None and (mirrors := providers.remembered(cache)):
            transcript = self._init(workspace, plugin_cache, self._cli_config(mirrors))
            if transcript.code == 0:
                return transcript
        transcript = self._init(workspace, plugin_cache, self._own_cli_config())
        if transcript.code == 0 or not _is_provider_trouble(transcript):
            return transcript
        mirrors = providers.discover(self._addresses(workspace), self.inherited, self.places)
        if not mirrors:
            raise _missing(transcript)
        transcript = self._init(workspace, plugin_cache, self._cli_config(mirrors))
        if transcript.code == 0 and cache is not None:
            providers.remember(cache, mirrors)
        elif _is_provider_trouble(transcript):
            raise _missing(transcript)
        return transcript

    def _init(self, workspace: Workspace, plugin_cache: Path | None, cli_config: Path | None) -> Transcript:
        return run_command(
            command.init(self.binary),
            title=f"terraform init of the {workspace.name}",
            cwd=workspace.root,
            environment=for_init(self.child, self.inherited, cli_config=cli_config, plugin_cache=plugin_cache),
            deadline=self.deadline,
            transcript=Transcript(progress=self.progress),
        )

    def _addresses(self, workspace: Workspace) -> tuple[providers.ProviderAddress, ...]:
        listing = capture(
            command.providers(self.binary),
            title=f"terraform providers of the {workspace.name}",
            cwd=workspace.root,
            environment=self.child,
            deadline=self.deadline,
        )
        return providers.parse_addresses(listing)

    def _cli_config(self, mirrors: providers.Mirrors) -> Path:
        return providers.write_cli_config(self.scratch / CLI_CONFIG, mirrors)

    def _own_cli_config(self) -> Path | None:
        named = self.inherited.get("TF_CLI_CONFIG_FILE", "")
        if not named:
            return None
        if Path(named).is_file():
            return Path(named)
        self.progress.notice(f"TF_CLI_CONFIG_FILE names {named}, which does not exist; it was ignored.")
        return None

    @contextmanager
    def _plugin_cache(self, workspace: Workspace) -> Iterator[Path | None]:
        """A folder that keeps providers, locked, since Terraform does not protect it against concurrent use.

        None for a configuration that brings providers of its own: others must not get them from there.
        """
        if (workspace.root / OWN_PROVIDERS).exists():
            yield None
            return
        cache = cache_folder(self.inherited)
        own = self.inherited.get("TF_PLUGIN_CACHE_DIR", "")
        folder = Path(own) if own else cache / "plugins" if cache is not None else None
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            lock = None if folder is None else (folder / ".sandtable.lock").open("w")
        except OSError as error:
            self.progress.notice(f"Providers are not kept for the next run: {error.filename}: {error.strerror}.")
            folder, lock = None, None
        if lock is None:
            yield None
            return
        with lock:
            self._lock(lock.fileno(), folder)
            yield folder

    def _lock(self, descriptor: int, folder: Path | None) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self.deadline.expired:
                    raise TimeoutExpiredError(
                        f"Another process holds the provider cache {folder} and did not let go in the time allowed.",
                        hint="Wait for the other run to end, or set TF_PLUGIN_CACHE_DIR to another folder.",
                    ) from None
                time.sleep(_LOCK_POLL)
            else:
                return


def installed_elsewhere(root: Path) -> tuple[Path, ...]:
    """The folders of providers that `init` linked to instead of copying: into a mirror or a cache.

    To be asked right after `init`, before any code of the change had a chance to write there.
    """
    links = (path for path in (root / ".terraform" / "providers").glob("*/*/*/*/*") if path.is_symlink())
    # A cache may itself hold a link, to a mirror: the folder is to be seen under both names.
    return tuple(folder for link in links for folder in (link.parent / link.readlink(), link.resolve()))


def override_remote_modules(workspace: Workspace, *, account: str, suffixes: Sequence[str]) -> None:
    """Override the provider blocks of modules that ``init`` downloaded.

    Raises:
        ConfigurationError: that is not possible.
    """
    for folder in _remote_modules(workspace.root):
        files = [file for file in folder.iterdir() if file.name.endswith(tuple(suffixes)) and file.is_file()]
        if not any(b"provider" in file.read_bytes() for file in files):
            continue
        facts = read_module(folder, suffixes)
        override = child_override(facts, account=account)
        # A folder outside the copy is linked to: writing there would write into somebody's original.
        if facts.unparsed or (override and not folder.is_relative_to(workspace.top.resolve())):
            raise ConfigurationError(
                f"The downloaded module {folder.name} may configure AWS by itself, and that cannot be overridden.",
                hint="Configure providers in the root module and pass them to modules.",
            )
        if override:
            write_override(folder, override, suffixes)


def _remote_modules(root: Path) -> list[Path]:
    """The folders of the modules that ``init`` downloaded, from its own list of them."""
    try:
        manifest = json.loads((root / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8"))
        folders = {str(module["Dir"]) for module in manifest["Modules"]}
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The list of downloaded modules could not be read: {error}.",
            hint="Run terraform get to see which they are.",
        ) from error
    return [(root / folder).resolve() for folder in sorted(folders) if folder.startswith(".terraform")]


def _is_provider_trouble(transcript: Transcript) -> bool:
    return any(_PROVIDER_TROUBLE.search(f"{error.summary}\n{error.detail}") for error in transcript.errors)


def _missing(transcript: Transcript) -> MissingToolError:
    told = "\n".join(describe(diagnostic) for diagnostic in transcript.errors)
    names = dict.fromkeys(match["name"] for match in _NAMED_PROVIDER.finditer(told))
    return MissingToolError(
        f"Terraform could not get the provider {', '.join(names) or 'it needs'}:\n{told}",
        hint="Give Terraform a way to the provider's registry, or a mirror: a provider_installation block in the CLI "
        "configuration, or terraform/plugins in a data folder (terraform providers mirror fills one).",
    )
