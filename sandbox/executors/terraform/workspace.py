"""A copy of the user's configuration to work in: the root module and what it refers to by relative paths.

The user's folders are only ever read. The layout between them is kept, so that ``../modules/x`` means the same in the
copy. A change comes from an agent and may be hostile: a link is followed only while it stays inside the repository (or,
without one, inside the copied folders), so that nothing else of this machine finds its way into the copy.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sandbox.errors import SandtableError, UsageError
from sandbox.executors.terraform.configuration import (
    TERRAFORM_SUFFIXES,
    ModuleFacts,
    configuration_files,
    is_local,
    read_module,
)
from sandbox.executors.terraform.fingerprint import ENVIRONMENTS, LEFT_OUT_FOLDERS, Extent, is_left_out

_REFERENCE = re.compile(r'"(?:\$\{path\.(?P<base>module|root|cwd)\}/)?(?P<path>(?:\.\./)+[^"$%\\]+)')
"""A string that begins with a relative path upwards: a template, a policy, a package in a neighbouring folder."""

_BLOCK_SIZE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A copied configuration, ready for Terraform."""

    name: str
    """``baseline`` or ``change``."""
    source: Path
    """The user's root module."""
    root: Path
    """The copy of the root module: Terraform's working directory."""
    top: Path
    """The folder that holds the whole copy."""
    digest: str
    """SHA-256 over the relative paths and contents of the copied files."""
    modules: Mapping[Path, ModuleFacts] = field(default_factory=lambda: MappingProxyType({}))
    """What was read of the root module and of every local module, by its folder in the copy."""
    var_files: tuple[Path, ...] = ()
    """The copies of the variable files, in the order given."""
    notices: tuple[str, ...] = ()

    @property
    def uses_aws(self) -> bool:
        """Whether any copied file speaks of AWS."""
        return any(facts.mentions_aws for facts in self.modules.values())

    @property
    def unparsed(self) -> tuple[str, ...]:
        """Configuration files that could not be read, relative to the root module."""
        return tuple(os.path.relpath(path, self.source) for facts in self.modules.values() for path in facts.unparsed)


def prepare(
    source: Path,
    destination: Path,
    *,
    name: str = "change",
    var_files: Sequence[Path] = (),
    suffixes: Sequence[str] = TERRAFORM_SUFFIXES,
    protected: Sequence[Path] = (),
) -> Workspace:
    """Copy a root module, and every local module and neighbouring file it refers to, under a new folder.

    Args:
        source: The user's root module.
        destination: A folder that does not exist yet.
        name: What to call the workspace.
        var_files: Variable files; relative ones are relative to ``source``.
        suffixes: How the names of configuration files end.
        protected: Folders that are never copied whole (the user's home), nor any folder above them.

    Raises:
        UsageError: the source is not a configuration, or refers to something that may not be copied.
    """
    source = _checked_root(source, suffixes)
    try:
        boundary = _repository(source)
        modules = _local_modules(source, suffixes, _Fence(boundary=boundary, protected=tuple(protected)))
        base, trees = _trees(modules, source, boundary, suffixes)
        copier = _Copier(base=base, destination=destination, boundary=boundary, trees=trees)
        copier.copy_trees()
        copied_var_files = tuple(copier.copy_var_file(source, path) for path in var_files)
    except OSError as error:
        raise copying_error(source, error) from error
    return Workspace(
        name=name,
        source=source,
        root=destination / source.relative_to(base),
        top=destination,
        digest=copier.digest(source.relative_to(base)),
        modules=MappingProxyType({destination / path.relative_to(base): facts for path, facts in modules.items()}),
        var_files=copied_var_files,
        notices=tuple(copier.notices),
    )


def extent_of(
    source: Path,
    *,
    var_files: Sequence[Path] = (),
    suffixes: Sequence[str] = TERRAFORM_SUFFIXES,
    protected: Sequence[Path] = (),
) -> Extent:
    """What `prepare` would copy, for whoever wants to find its digest again. Arguments and errors are the same."""
    source = _checked_root(source, suffixes)
    boundary = _repository(source)
    modules = _local_modules(source, suffixes, _Fence(boundary=boundary, protected=tuple(protected)))
    base, trees = _trees(modules, source, boundary, suffixes)
    return Extent(
        base=str(base),
        root=source.relative_to(base).as_posix(),
        trees=tuple(map(str, trees)),
        boundary=None if boundary is None else str(boundary),
        var_files=tuple(str((source / path).resolve()) for path in var_files),
    )


def folder_extent(source: Path) -> Extent:
    """What `copy_folder` would copy."""
    source = source.resolve()
    return Extent(
        base=str(source),
        root=".",
        trees=(str(source),),
        boundary=str(source),
        left_out=tuple(sorted(ENVIRONMENTS)),
        drops_links=True,
    )


def _trees(
    modules: Mapping[Path, ModuleFacts], source: Path, boundary: Path | None, suffixes: Sequence[str]
) -> tuple[Path, tuple[Path, ...]]:
    """The folder that the copy stands for, and what is copied of it."""
    trees = _outermost([*modules, *_references(modules, source, boundary, suffixes)])
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in trees])), trees


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFolder:
    """A copy of any folder."""

    root: Path
    digest: str
    """SHA-256 over the relative paths and contents of the copied files."""
    notices: tuple[str, ...] = ()


def copy_folder(source: Path, destination: Path, *, largest: int) -> CopiedFolder:
    """Copy a folder as it is, but for version control, caches and states of Terraform's.

    Args:
        source: Any folder; a link that leads out of it is left out.
        destination: A folder that does not exist yet.
        largest: Bytes that may be copied.

    Raises:
        UsageError: it is no folder, or is too large.
    """
    if not source.is_dir():
        raise UsageError(f"{source} is not a folder.", hint="Name the folder that the program is run in.")
    source = source.resolve()
    copier = _Copier(
        base=source,
        destination=destination,
        boundary=source,
        trees=(source,),
        allowance=largest,
        left_out=LEFT_OUT_FOLDERS | ENVIRONMENTS,
        drops_links=True,
        keeps_links=True,
    )
    try:
        copier.copy_trees()
    except OSError as error:
        raise copying_error(source, error) from error
    return CopiedFolder(root=destination, digest=copier.digest(Path()), notices=tuple(copier.notices))


def copying_error(source: Path, error: OSError) -> SandtableError:
    """Say why a configuration could not be copied: a full disk is not the user's mistake, anything else is."""
    if error.errno == errno.ENOSPC:
        return SandtableError(
            f"No space is left for a copy of {source}: {error.filename or 'the scratch folder'} is on a full disk.",
            hint="Free some space, or set TMPDIR to a folder on a disk with room.",
        )
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return UsageError(
        f"The configuration {source} could not be copied: {what}.",
        hint="Every file of it must be readable for the current user.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """Where a module may lie."""

    boundary: Path | None
    protected: tuple[Path, ...]

    def check(self, module: Path, call: str) -> None:
        if self.boundary is not None and not module.is_relative_to(self.boundary):
            raise UsageError(
                f'The module source "{call}" leads out of the repository {self.boundary}.',
                hint="Move the module into the repository, or refer to it by a registry or git address.",
            )
        if module == Path(module.anchor) or any(folder.is_relative_to(module) for folder in self.protected):
            raise UsageError(
                f'The module source "{call}" is the folder {module}, which is not copied as a whole.',
                hint="Give the module a folder of its own.",
            )


def _checked_root(source: Path, suffixes: Sequence[str]) -> Path:
    if not source.is_dir():
        what = "is not a folder" if source.exists() else "does not exist"
        raise UsageError(f"The configuration {source} {what}.", hint="Name the folder of a Terraform root module.")
    try:
        root = source.resolve(strict=True)
        files = configuration_files(root, suffixes)
    except OSError as error:
        raise copying_error(source, error) from error
    if not files:
        raise UsageError(
            f"The folder {source} holds no Terraform configuration ({' or '.join(suffixes)} files).",
            hint="Name the folder of a Terraform root module.",
        )
    return root


def _repository(source: Path) -> Path | None:
    return next((folder for folder in (source, *source.parents) if (folder / ".git").exists()), None)


def _local_modules(source: Path, suffixes: Sequence[str], fence: _Fence) -> dict[Path, ModuleFacts]:
    modules: dict[Path, ModuleFacts] = {}
    waiting = [source]
    while waiting:
        folder = waiting.pop()
        if folder in modules:
            continue
        modules[folder] = read_module(folder, suffixes)
        for call in modules[folder].calls:
            _refuse_absolute(call)
            # A module that does not exist is Terraform's to report, with file and line.
            if is_local(call) and (target := (folder / call).resolve()).is_dir():
                fence.check(target, call)
                waiting.append(target)
    return modules


def _refuse_absolute(call: str) -> None:
    # Terraform would link to the folder instead of copying it, and the override would be written into the original.
    if call.startswith(("/", "file:", "git::file:", "~")):
        raise UsageError(
            f'The module source "{call}" is an absolute path on this machine.',
            hint="Refer to the module by a relative path that begins with ./ or ../",
        )


def _references(
    modules: Mapping[Path, ModuleFacts], source: Path, boundary: Path | None, suffixes: Sequence[str]
) -> list[Path]:
    """Files and folders beyond the modules that the configuration names by a relative path upwards."""
    found: dict[Path, None] = {}
    for folder in modules:
        for file in configuration_files(folder, suffixes):
            for match in _REFERENCE.finditer(file.read_bytes().decode("utf-8", errors="replace")):
                start = folder if match["base"] == "module" else source
                target = (start / match["path"]).resolve()
                if _may_be_copied(target, source, boundary):
                    found[target] = None
    return list(found)


def _may_be_copied(target: Path, source: Path, boundary: Path | None) -> bool:
    if boundary is None or not target.is_relative_to(boundary) or source.is_relative_to(target):
        return False
    hidden = any(part.startswith(".") for part in target.relative_to(boundary).parts)
    return not hidden and not is_left_out(target.name) and (target.is_file() or target.is_dir())


def _outermost(paths: Sequence[Path]) -> tuple[Path, ...]:
    unique = sorted(set(paths))
    return tuple(path for path in unique if not any(path != other and path.is_relative_to(other) for other in unique))


@dataclass(slots=True, kw_only=True)
class _Copier:
    base: Path
    destination: Path
    boundary: Path | None
    trees: tuple[Path, ...]
    notices: list[str] = field(default_factory=list)
    allowance: int | None = None
    """Bytes that may still be copied; None for any number."""
    left_out: frozenset[str] = LEFT_OUT_FOLDERS
    drops_links: bool = False
    """Leave out links that lead out, instead of refusing."""
    keeps_links: bool = False
    """A link to a file in the copy is a link in the copy, and not another file."""
    _digests: dict[str, str] = field(default_factory=dict)

    def copy_trees(self) -> None:
        for tree in self.trees:
            target = self.destination / tree.relative_to(self.base)
            if tree.is_dir():
                self._copy_folder(tree, target, (tree,))
            else:
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._copy_file(tree, target)

    def copy_var_file(self, source: Path, path: Path) -> Path:
        original = (source / path).resolve()
        if not original.is_file():
            raise UsageError(
                f"The variable file {path} does not exist in {source}.",
                hint="A relative variable file is looked for in the folder of the configuration.",
            )
        target = self.destination / ".var-files" / f"{len(self._digests)}-{original.name}"
        target.parent.mkdir(exist_ok=True, mode=0o700)
        self._copy_file(original, target)
        return target

    def digest(self, root: Path) -> str:
        total = hashlib.sha256(f"{root.as_posix()}\0".encode())
        for relative, digest in sorted(self._digests.items()):
            total.update(f"{relative}\0{digest}\0".encode(errors="surrogateescape"))
        return total.hexdigest()

    def _copy_folder(self, source: Path, target: Path, above: tuple[Path, ...]) -> None:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
            original, copy = Path(entry.path), target / entry.name
            if is_left_out(original.name) or original.name in self.left_out or original == self.destination:
                continue
            if entry.is_symlink():
                self._copy_link(original, copy, above)
            elif entry.is_dir():
                self._copy_folder(original, copy, (*above, original))
            elif entry.is_file():
                self._copy_file(original, copy)
            else:
                self.notices.append(f"{original} is neither a file nor a folder and was left out of the copy.")

    def _copy_link(self, link: Path, copy: Path, above: tuple[Path, ...]) -> None:
        try:
            original = link.resolve(strict=True)
        except (FileNotFoundError, RuntimeError):
            self.notices.append(f"{link} is a link that leads nowhere and was left out of the copy.")
            return
        if not self._may_follow(link, original):
            return
        if is_left_out(original.name):
            return
        if original in above:
            raise UsageError(f"{link} is a link to a folder that contains it.", hint="Remove the link.")
        if original.is_dir():
            self._copy_folder(original, copy, (*above, original))
        elif original.is_file():
            place = self._place_of(original)
            if place is not None:
                copy.symlink_to(os.path.relpath(place, copy.parent))
                self._digests[copy.relative_to(self.destination).as_posix()] = _digest_of(original)
            else:
                self._copy_file(original, copy)
        else:
            self.notices.append(f"{link} leads to neither a file nor a folder and was left out of the copy.")

    def _place_of(self, original: Path) -> Path | None:
        """Where a file is in the copy, if a link to it may stay one: programs find what lies beside them by that."""
        if not self.keeps_links or not original.is_relative_to(self.base):
            return None
        inside = original.relative_to(self.base)
        left_out = any(is_left_out(part) or part in self.left_out for part in inside.parts)
        return None if left_out else self.destination / inside

    def _may_follow(self, link: Path, original: Path) -> bool:
        inside = (self.boundary,) if self.boundary is not None else self.trees
        hidden = self.boundary is not None and original.is_relative_to(self.boundary / ".git")
        if not hidden and any(original.is_relative_to(folder) for folder in inside):
            return True
        if not self.drops_links:
            raise UsageError(
                f"{link} is a link that leads out of the configuration, to {original}.",
                hint="Replace the link by the file it leads to; links are followed only inside the repository.",
            )
        self.notices.append(f"{link} is a link that leads out of the folder and was left out of the copy.")
        return False

    def _spend(self, size: int) -> None:
        if self.allowance is None:
            return
        self.allowance -= size
        if self.allowance < 0:
            raise UsageError(
                f"The folder {self.base} is too large to be copied.",
                hint="Name a smaller folder with --dir: the one that the program needs.",
            )

    def _copy_file(self, original: Path, copy: Path) -> None:
        # Opened without following a link and without blocking, then looked at: what it is may have changed meanwhile.
        descriptor = os.open(original, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as reader:
            mode = os.fstat(reader.fileno()).st_mode
            if not stat.S_ISREG(mode):
                self.notices.append(f"{original} is not a regular file and was left out of the copy.")
                return
            digest = hashlib.sha256(b"x" if mode & 0o100 else b"-")
            with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | mode & 0o100), "wb") as writer:
                while block := reader.read(_BLOCK_SIZE):
                    self._spend(len(block))
                    digest.update(block)
                    writer.write(block)
        self._digests[copy.relative_to(self.destination).as_posix()] = digest.hexdigest()


def _digest_of(file: Path) -> str:
    """The digest that a copy of a file would have."""
    with file.open("rb") as reader:
        digest = hashlib.sha256(b"x" if os.fstat(reader.fileno()).st_mode & 0o100 else b"-")
        while block := reader.read(_BLOCK_SIZE):
            digest.update(block)
    return digest.hexdigest()
