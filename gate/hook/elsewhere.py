"""Commands that stand in files: programs in other languages, recipes of make, scripts of npm.

Programs are not parsed, only searched for what gives them away: an SDK, or one of the infrastructure programs beside a
word by which it is told to change something. Somebody who wants to hide it can; credentials are the boundary.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterator

from gate.hook.programs import PROGRAMS, sounds_like_a_change
from gate.hook.script import read_file

_SDKS = (
    "boto3",
    "botocore",
    "aioboto3",
    "awscli",
    "@aws-sdk",
    "aws-sdk",
    "aws_sdk",
    "amazonaws.com",
    "pulumi.automation",
    "awswrangler",
    "python_terraform",
)
_WORD = r"[A-Za-z][\w-]*"
_RULE = r"^(?P<targets>[^\s#:=][^:=#]*):(?!=)(?P<needs>[^\n]*)$"
_SETTING = r"^(?:export\s+)?(?P<name>\w+)\s*(?:\?|:{1,3}|\+)?=\s*(?P<value>.*)$"
_USE = r"\$[({](\w+)[)}]"
_NEAR = 12
"""Words after a program's name among which its command is looked for."""


def gives_away(code: str) -> str:
    """What in a program's source shows that it changes infrastructure; empty where nothing does."""
    sdk = next((name for name in _SDKS if name in code), "")
    if sdk:
        return f"it uses {sdk}"
    tokens = re.findall(_WORD, code)
    for index, token in enumerate(tokens):
        near = tokens[index + 1 : index + _NEAR]
        if token in PROGRAMS and (verb := next(filter(sounds_like_a_change, near), "")):
            return f"it runs {token} {verb}"
    return ""


def make_recipe(arguments: tuple[str, ...], cwd: str) -> str:
    """The shell that `make` with these arguments would run, with what the makefile sets by `:=` and the like.

    GNU make looks for GNUmakefile, makefile, Makefile in this order
    (https://www.gnu.org/software/make/manual/html_node/Makefile-Names.html). Includes and patterns are not followed.
    """
    folder, name, targets = _make_arguments(arguments)
    names = [name] if name else ["GNUmakefile", "makefile", "Makefile"]
    text = next(filter(None, (read_file(os.path.join(cwd, folder, each)) for each in names)), "")
    rules, settings, first = _rules(text)
    given = (word.partition("=") for word in arguments if "=" in word and not word.startswith("-"))
    settings.update((setting, value) for setting, _, value in given)
    wanted, seen, lines = list(targets or [first]), set[str](), list[str]()
    while wanted:
        target = wanted.pop(0)
        if target in rules and target not in seen:
            seen.add(target)
            needs, recipe = rules[target]
            wanted += needs
            lines += recipe
    return "\n".join(_filled(line.lstrip("@-+ "), settings) for line in lines)


def _make_arguments(arguments: tuple[str, ...]) -> tuple[str, str, list[str]]:
    folder, name, targets = "", "", list[str]()
    following = ""
    for argument in arguments:
        if following:
            folder, name = (argument, name) if following == "-C" else (folder, argument)
            following = ""
        elif argument in {"-C", "-f", "--file", "--directory"}:
            following = "-C" if argument in {"-C", "--directory"} else "-f"
        elif not argument.startswith("-") and "=" not in argument:
            targets.append(argument)
    return folder, name, targets


def _rules(text: str) -> tuple[dict[str, tuple[list[str], list[str]]], dict[str, str], str]:
    rules: dict[str, tuple[list[str], list[str]]] = {}
    settings: dict[str, str] = {}
    first, current = "", list[str]()
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            current.append(line[1:])
        elif rule := re.match(_RULE, line):
            needs, _, inline = rule["needs"].partition(";")
            current = [inline] if inline else []
            for target in rule["targets"].split():
                rules[target] = (needs.partition("##")[0].split(), current)
                first = first or ("" if target.startswith(".") else target)
        elif setting := re.match(_SETTING, line):
            settings[setting["name"]] = setting["value"].strip()
    return rules, settings, first


def _filled(line: str, settings: dict[str, str]) -> str:
    for _ in range(4):
        filled = re.sub(_USE, lambda match: settings.get(match[1], f"${{{match[1]}}}"), line)
        if filled == line:
            break
        line = filled
    return line.replace("$$", "$")


def npm_scripts(arguments: tuple[str, ...], cwd: str) -> Iterator[str]:
    """The shell of the scripts that `npm run NAME` (yarn, pnpm, bun) would run, with those before and after it.

    https://docs.npmjs.com/cli/using-npm/scripts
    """
    words = [argument for argument in arguments if not argument.startswith("-")]
    name = words[1] if words[:1] in (["run"], ["run-script"]) and len(words) > 1 else next(iter(words), "")
    try:
        package = json.loads(read_file(os.path.join(cwd, "package.json")) or "{}")
    except ValueError:
        return
    scripts = package.get("scripts") if isinstance(package, dict) else None
    for each in (f"pre{name}", name, f"post{name}"):
        if isinstance(scripts, dict) and isinstance(scripts.get(each), str):
            yield scripts[each]
