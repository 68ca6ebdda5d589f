"""Which commands of a shell command would change infrastructure, and which cannot be told.

What is not understood is held back where an infrastructure program may be behind it, and let through elsewhere: an
agent that may not run anything would only learn to go round the hook.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator

from diffing.record import dataclass, replace
from gate.hook import awscli, elsewhere
from gate.hook.programs import PROGRAMS, TOOLS, Effect, effect_of, sounds_like_a_change
from gate.hook.script import Invocation, Script, parse, read_file
from gate.hook.words import HOLE, PIPE, is_known

_DEEPEST = 6
"""Shells within shells; what is nested deeper is held back."""

_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash", "mksh", "at", "batch"})
_INTERPRETERS = frozenset(
    {"node", "deno", "bun", "ruby", "perl", "php", "lua", "awk", "gawk", "mawk", "vim", "nvim", "ex", "tclsh", "expect"}
    | {"osascript", "groovy", "pwsh", "emacs", "ts-node", "tsx", "go", "jq", "git", "ipython", "uvx", "pipx"}
)
_PYTHON = r"(python|pypy)[\d.]*"
_RUNS_TEXT = frozenset(
    {"ssh", "su", "watch", "tmux", "screen", "script", "env", "parallel", "nix-shell", "nix", "flock"}
)
_RUNS_TEXT |= {"xargs", "crontab", "runuser", "sg", "unshare", "nsenter", "docker", "podman", "kubectl"}
_IMAGES = (("terraform", "terraform"), ("opentofu", "tofu"), ("terragrunt", "terragrunt"), ("aws-cli", "aws"))
_LISTS = frozenset({"xargs", "parallel"})
_QUIET = frozenset(
    """
    echo printf grep egrep fgrep rg ag ack ls cat less more head tail man info whatis apropos which whereis type
    sandtable typeset readonly cd pushd popd pwd mkdir rmdir touch cp mv rm ln chmod chown test [ true false sed cut
    sort uniq wc tr diff cmp patch
    brew apt apt-get yum dnf apk pip pip3 conda asdf tfenv tfswitch tflint tfsec checkov terrascan infracost code cursor
    alias unalias export set unset read local declare gh glab hg svn tar zip unzip gzip file stat du df ps kill sleep
    date hash help dirname basename readlink realpath tee tflocal awslocal cdklocal samlocal localstack pre-commit
    terraform-docs terraform-ls shellcheck shfmt vi nano hadolint curl wget http https xh aria2c open xdg-open
    """.split()  # noqa: SIM905 - a word list reads best as words
)
"""Programs to which the name of an infrastructure program is only a word."""
_SENDS = frozenset(
    {"-d", "-F", "-T", "--json", "--data", "--form", "--upload-file", "--post-data", "--post-file", "--body-data"}
)
_SENDS_BEGINNINGS = ("--data", "--form", "--post", "--upload", "--json", "--body-")
_METHOD = r"(?:-X|--request=?|--method=?)?(POST|PUT|DELETE|PATCH)"
_ACTION = r"[?&]Action=(?!Describe|Get|List)\w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A command that may not simply run."""

    words: tuple[str, ...]
    """It, from the infrastructure program on."""
    invocation: Invocation
    """The command of the line that it is in."""
    effect: Effect
    why: str
    direct: bool
    """It stands in the line itself, without anything around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to be said of a shell command."""

    findings: tuple[Finding, ...]
    script: Script


def judge(text: str, cwd: str | None) -> Judgement:
    """Judge a shell command.

    Args:
        text: It.
        cwd: Where it would be run.
    """
    script = parse(text, cwd)
    return Judgement(findings=tuple(_script(script, text, depth=0, lenient=False)), script=script)


def _text(text: str, outer: Invocation, *, depth: int, lenient: bool = False) -> Iterator[Finding]:
    """Judge shell that a command is given to run."""
    if depth > _DEEPEST:
        yield _finding(outer, Effect.UNCLEAR, "shells within shells", words=outer.words)
        return
    for found in _script(parse(text, outer.cwd), text, depth=depth, lenient=lenient):
        yield replace(found, invocation=outer, direct=False)


def _script(script: Script, text: str, *, depth: int, lenient: bool) -> Iterator[Finding]:
    found = False
    for invocation in script.invocations:
        for finding in _invocation(invocation, depth=depth, lenient=lenient):
            found = True
            yield finding
    if script.broken and not found and (names := PROGRAMS & set(re.split(r"[^\w-]+", text))):
        lost = Invocation(words=(min(names),), cwd=None, plain=False)
        yield _finding(lost, Effect.UNCLEAR, "it could not be parsed", words=lost.words)


def _invocation(outer: Invocation, *, depth: int, lenient: bool) -> Iterator[Finding]:
    name = _program(outer.words[0])
    rest = outer.words[1:]
    if name == HOLE:
        if not lenient and _may_be_anything(rest):
            yield _finding(outer, Effect.UNCLEAR, "which program it runs cannot be told", words=outer.words)
        return
    if name in PROGRAMS:
        yield from _infrastructure(outer, name, outer.words, direct=True)
    elif name in _SHELLS or name in {"eval", "source", ".", "trap"}:
        yield from _shell(outer, name, rest, depth=depth)
    elif _is_python(name):
        yield from _python(outer, rest)
    elif name in {"curl", "wget", "http", "https", "xh"}:
        yield from _request(outer, rest)
    elif name in {"make", "gmake", "npm", "yarn", "pnpm", "bun"} and outer.cwd is not None:
        yield from _recipes(outer, name, rest, depth=depth)
    elif name not in _QUIET:
        yield from _other(outer, name, rest, depth=depth)


def _infrastructure(outer: Invocation, name: str, words: tuple[str, ...], *, direct: bool) -> Iterator[Finding]:
    effect = awscli.effect_of(words[1:]) if name == "aws" else effect_of(name, words[1:])
    match effect:
        case Effect.READ:
            return
        case Effect.UNCLEAR:
            yield _finding(outer, effect, f"what {name} is told to do cannot be told beforehand", words=words)
        case Effect.CHANGE:
            exact = direct and outer.words[0] == name
            yield _finding(outer, effect, "it changes infrastructure", words=words, direct=exact)


def _shell(outer: Invocation, name: str, rest: tuple[str, ...], *, depth: int) -> Iterator[Finding]:
    """A shell, or one of a shell's own commands that runs text."""
    if name == "eval":
        yield from _given(outer, " ".join(rest), depth=depth)
    elif name == "trap":
        yield from _given(outer, next(iter(rest), ""), depth=depth)
    elif name in {"source", "."}:
        yield from _script_file(outer, next(iter(rest), ""), depth=depth)
    else:
        option = next((index for index, word in enumerate(rest) if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", word)), None)
        files = [word for word in rest if not word.startswith(("-", "+"))]
        if option is not None and option + 1 < len(rest):
            yield from _given(outer, rest[option + 1], depth=depth)
        elif files and "-s" not in rest and name not in {"at", "batch"}:
            yield from _script_file(outer, files[0], depth=depth)
        elif outer.stdin is not None:
            yield from _given(outer, outer.stdin, depth=depth)


def _given(outer: Invocation, text: str, *, depth: int) -> Iterator[Finding]:
    if not text.replace(HOLE, "").strip() and HOLE in text:
        yield _finding(outer, Effect.UNCLEAR, "what the shell is given to run cannot be told", words=outer.words)
    else:
        yield from _text(text, outer, depth=depth + 1)


def _script_file(outer: Invocation, word: str, *, depth: int) -> Iterator[Finding]:
    if word.startswith(PIPE):
        yield from _given(outer, word[1:] or HOLE, depth=depth)
    elif (content := _content(outer, word)) is not None:
        yield from _file(outer, content, depth=depth)


def _file(outer: Invocation, content: str, *, depth: int) -> Iterator[Finding]:
    """A script in a file: shell, unless its first line names something else."""
    first = content.partition("\n")[0]
    if first.startswith("#!") and not any(shell in first for shell in ("sh", "env -S")):
        yield from _code(outer, content)
    else:
        yield from _text(content, outer, depth=depth + 1, lenient=True)


def _python(outer: Invocation, rest: tuple[str, ...]) -> Iterator[Finding]:
    if "-m" in rest:
        module = rest[rest.index("-m") + 1 :]
        if module[:1] == ("awscli",):
            yield from _infrastructure(outer, "aws", ("aws", *module[1:]), direct=False)
        return
    if "-c" in rest:
        yield from _code(outer, " ".join(rest[rest.index("-c") + 1 :]))
        return
    file = next((word for word in rest if not word.startswith("-")), "")
    content = _content(outer, file) if file else outer.stdin
    if content is not None:
        yield from _code(outer, content)


def _code(outer: Invocation, content: str) -> Iterator[Finding]:
    if why := elsewhere.gives_away(content):
        yield _finding(outer, Effect.CHANGE, why, words=outer.words, direct=True)


def _request(outer: Invocation, rest: tuple[str, ...]) -> Iterator[Finding]:
    """A request over HTTP to AWS itself, other than one that only reads."""
    if not any("amazonaws.com" in word or word.startswith("--aws-sigv4") for word in rest):
        return
    sends = any(word in _SENDS or word.startswith(_SENDS_BEGINNINGS) or re.fullmatch(_METHOD, word) for word in rest)
    short = any(re.match(r"-[a-zA-Z]*[dFT]", word) and not word.startswith("--") for word in rest)
    if sends or short or any(re.search(_ACTION, word) for word in rest):
        yield _finding(outer, Effect.CHANGE, "it calls AWS", words=outer.words, direct=True)


def _recipes(outer: Invocation, name: str, rest: tuple[str, ...], *, depth: int) -> Iterator[Finding]:
    cwd = outer.cwd or ""
    texts = [elsewhere.make_recipe(rest, cwd)] if name in {"make", "gmake"} else list(elsewhere.npm_scripts(rest, cwd))
    for text in texts:
        yield from _text(text, outer, depth=depth + 1, lenient=True)
    if name not in {"make", "gmake"}:
        yield from _wrapped(outer, rest, depth=depth)


def _other(outer: Invocation, name: str, rest: tuple[str, ...], *, depth: int) -> Iterator[Finding]:
    """Any other program: it may run what stands among its arguments."""
    if name in _INTERPRETERS:
        yield from _interpreted(outer, rest)
    if "/" in outer.words[0] and (content := _content(outer, outer.words[0])) is not None:
        yield from _file(outer, content, depth=depth)
    if name == "git":
        return
    if name in _LISTS:
        rest = _with_holes(rest)
    if name in {"docker", "podman"}:
        yield from _container(outer, rest)
    if name in _RUNS_TEXT:
        for word in rest:
            if " " in word:
                yield from _text(word, outer, depth=depth + 1)
    yield from _wrapped(outer, rest, depth=depth)


def _interpreted(outer: Invocation, rest: tuple[str, ...]) -> Iterator[Finding]:
    code = next((content for word in rest if (content := _content(outer, word)) is not None), "")
    inline = " ".join(word for word in rest if " " in word or "(" in word or "!" in word)
    if outer.words[0] != "git" or any("!" in word for word in rest):
        yield from _code(outer, f"{code}\n{inline}\n{outer.stdin or ''}")


def _wrapped(outer: Invocation, rest: tuple[str, ...], *, depth: int) -> Iterator[Finding]:
    """`sudo`, `timeout`, `xargs`, `find -exec`, `aws-vault exec NAME --`, and whatever else runs its arguments."""
    for index, word in enumerate(rest):
        name = _program(word)
        if name in PROGRAMS:
            yield from _infrastructure(outer, name, rest[index:], direct=False)
            return
        if name in _SHELLS | {"eval", "make", "npm"} or _is_python(name):
            inner = replace(outer, words=rest[index:])
            for finding in _invocation(inner, depth=depth + 1, lenient=False):
                yield replace(finding, invocation=outer, direct=False)
            return


def _container(outer: Invocation, rest: tuple[str, ...]) -> Iterator[Finding]:
    """An image whose entry point is one of the programs."""
    for index, word in enumerate(rest):
        for part, name in _IMAGES:
            if part in word.partition(":")[0] and "/" in word and not word.startswith(("-", "/", ".")):
                yield from _infrastructure(outer, name, (name, *rest[index + 1 :]), direct=False)
                return


def _with_holes(rest: tuple[str, ...]) -> tuple[str, ...]:
    """What `xargs` puts in: at the mark that it was given, and at the end."""
    marks = {"{}"}
    for index, word in enumerate(rest):
        if word in {"-I", "--replace"} and index + 1 < len(rest):
            marks.add(rest[index + 1])
        elif word.startswith("-I"):
            marks.add(word[2:])
    filled = [word for word in rest if word not in {"-I", "--replace"}]
    for mark in marks:
        filled = [word.replace(mark, HOLE) if not word.startswith("-I") else word for word in filled]
    return (*filled, HOLE)


def _content(outer: Invocation, word: str) -> str | None:
    """The text of the file that a word names, where it can be read."""
    if outer.cwd is None or not word or not is_known(word):
        return None
    return read_file(os.path.join(outer.cwd, os.path.expanduser(word)))


def _program(word: str) -> str:
    """The name of a program; `HOLE` where it may be any, the infrastructure program's where it may be one of those."""
    name = word.rpartition("/")[2]
    if HOLE not in name:
        return name
    pattern = name.replace(HOLE, "*")
    if not pattern.strip("*."):
        return HOLE
    import fnmatch  # noqa: PLC0415 - few names have a hole in them

    known = sorted(program for program in PROGRAMS | _SHELLS if fnmatch.fnmatchcase(program, pattern))
    return known[0] if known else name


def _is_python(name: str) -> bool:
    return name.startswith("py") and re.fullmatch(_PYTHON, name) is not None


def _may_be_anything(rest: tuple[str, ...]) -> bool:
    """Whether what follows an unknown program is what infrastructure programs are told."""
    return not rest or any(HOLE in word or sounds_like_a_change(word) or word in PROGRAMS | {*TOOLS} for word in rest)


def _finding(outer: Invocation, effect: Effect, why: str, *, words: tuple[str, ...], direct: bool = False) -> Finding:
    return Finding(words=words, invocation=outer, effect=effect, why=why, direct=direct)
