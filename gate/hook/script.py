"""The commands that a piece of shell runs, wherever in it they stand: in lists, pipes, substitutions, loops, functions.

Parsed by tree-sitter's grammar of bash (https://github.com/tree-sitter/tree-sitter-bash), which finds what it can in
broken text and says that it was broken.
"""

from __future__ import annotations

import os.path
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

from tree_sitter import Language, Node, Parser

from diffing.record import dataclass
from gate.hook.words import HOLE, Words, text_of

LARGEST_FILE = 256 * 1024
_NESTS = frozenset(
    {
        "command_substitution",
        "process_substitution",
        "subshell",
        "compound_statement",
        "function_definition",
        "do_group",
        "if_statement",
        "case_item",
        "negated_command",
    }
)
_SETS_VARIABLES = frozenset({"read", "mapfile", "readarray", "getopts", "printf", "let", "unset"})
_FROM_OUTSIDE = ("HOME", "PWD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command, as far as it can be told."""

    words: tuple[str, ...]
    """Program and arguments; `HOLE` in them where something is not known."""
    cwd: str | None
    """Where it runs; None where that is not known."""
    stdin: str | None = None
    """What it reads; None where nothing is fed to it, with a `HOLE` where that is not known."""
    assignments: tuple[str, ...] = ()
    """Variables set for it alone."""
    plain: bool = True
    """It stands in a list or a pipe of the line itself, and writes to no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A parsed piece of shell."""

    invocations: tuple[Invocation, ...]
    broken: bool
    """Not all of it could be parsed."""


def parse(text: str, cwd: str | None) -> Script:
    """Parse a piece of shell.

    Args:
        text: The source.
        cwd: Where it is run.
    """
    # An escaped end of line joins the lines, even in the middle of a word.
    source = text.replace("\\\n", "").replace(HOLE, "$__unknown__").encode("utf-8", "surrogateescape")
    root = Parser(Language(_bash())).parse(source).root_node
    reader = _Reader(root, cwd)
    reader.walk(root, None)
    return Script(invocations=tuple(reader.found), broken=root.has_error)


def _bash() -> object:
    """The grammar, without its package's `__init__`, whose `importlib.resources` takes an eighth of the time there is.

    Raises:
        ImportError: it is not installed.
    """
    package = PathFinder.find_spec("tree_sitter_bash")
    places = package.submodule_search_locations if package is not None else None
    spec = PathFinder.find_spec("tree_sitter_bash._binding", places)
    if spec is None or spec.loader is None:
        raise ImportError("tree_sitter_bash is not installed, or is laid out in another way", name="tree_sitter_bash")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.language()


def read_file(path: str) -> str | None:
    """The text of a file that is no larger than scripts are; None where there is none."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE)
    except OSError:
        return None
    return None if b"\0" in content else content.decode("utf-8", "replace")


class _Reader:
    """Walks the tree in the order in which it runs, and gathers commands."""

    def __init__(self, root: Node, cwd: str | None) -> None:
        self.found: list[Invocation] = []
        self._cwd = cwd
        self._depth = 0
        self._redirected = False
        self._words = Words(self._variable, self._substituted)
        self._aliases: dict[str, str] = {}
        self._assigned = _assignments(root)
        self._values: dict[str, str] = {}

    def walk(self, node: Node, stdin: str | None) -> str:
        """Gather the commands below a node and return what they print, as far as that can be told."""
        nests = node.type in _NESTS
        self._depth += nests
        try:
            return self._visit(node, stdin)
        finally:
            self._depth -= nests

    def _visit(self, node: Node, stdin: str | None) -> str:  # noqa: C901, PLR0911 - one for each kind of node
        match node.type:
            case "command":
                return self._command(node, stdin)
            case "redirected_statement":
                return self._redirect(node, stdin)
            case "pipeline":
                for stage in node.named_children:
                    stdin = self.walk(stage, stdin)
                return stdin or ""
            case "variable_assignment":
                return self._assign(node)
            case "declaration_command":
                for child in node.named_children:
                    self.walk(child, None)
                return self._emit([text_of(node.children[0])], None, ())
            case "program" | "list" | "command_substitution" | "process_substitution" | "subshell":
                return "".join(self.walk(child, stdin) for child in node.named_children)
            case "string" | "concatenation" | "expansion" | "simple_expansion" | "array" | "herestring_redirect":
                self._words.text(node)
                return ""
            case "comment":
                return ""
            case _:
                for child in node.named_children:
                    self.walk(child, stdin)
                return HOLE

    def _command(self, node: Node, stdin: str | None) -> str:
        words: list[str] = []
        assignments: list[str] = []
        for child in node.named_children:
            match child.type:
                case "variable_assignment":
                    assignments.append(text_of(child).partition("=")[0])
                    self.walk(child, None)
                case "command_name":
                    words += self._words.expand(child.named_children[0]) if child.named_children else [text_of(child)]
                case "herestring_redirect":
                    stdin = self._words.text(child.named_children[-1])
                case "file_redirect":
                    self._file_redirect(child)
                case _:
                    words += self._words.expand(child)
        return self._emit(words, stdin, tuple(assignments))

    def _emit(self, words: list[str], stdin: str | None, assignments: tuple[str, ...]) -> str:
        if words and words[0] in self._aliases:
            words = [*self._aliases[words[0]].split(), *words[1:]]
        if not words:
            return ""
        invocation = Invocation(
            words=tuple(words),
            cwd=self._cwd,
            stdin=stdin,
            assignments=assignments,
            plain=self._depth == 0 and not self._redirected,
        )
        self.found.append(invocation)
        self._remember(words)
        return output_of(invocation)

    def _remember(self, words: list[str]) -> None:
        """What a command changes for those after it."""
        if words[0] == "alias":
            self._aliases.update((name, value) for name, _, value in (word.partition("=") for word in words[1:]))
        elif words[0] in {"cd", "pushd"} and self._cwd is not None:
            target = next((word for word in words[1:] if not word.startswith("-")), HOLE)
            self._cwd = None if HOLE in target else os.path.normpath(os.path.join(self._cwd, _home(target)))
        elif words[0] == "popd":
            self._cwd = None

    def _redirect(self, node: Node, stdin: str | None) -> str:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.named_children if child != body]
        before = self._redirected
        rest: list[Node] = []
        for redirect in redirects:
            match redirect.type:
                case "heredoc_redirect":
                    content = [child for child in redirect.named_children if child.type == "heredoc_body"]
                    stdin = "".join(self._heredoc(child) for child in content)
                    rest += [
                        child
                        for child in redirect.named_children
                        if child.type not in {"heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"}
                    ]
                case "herestring_redirect":
                    stdin = self._words.text(redirect.named_children[-1])
                case _:
                    stdin = self._file_redirect(redirect) or stdin
        printed = self.walk(body, stdin) if body is not None else ""
        self._redirected = before
        for follower in rest:
            # `cat <<EOF | sh`: the parser hangs what follows the mark into the redirection.
            printed = self.walk(follower, printed)
        return printed

    def _heredoc(self, body: Node) -> str:
        for child in body.named_children:
            self.walk(child, None)
        return text_of(body)

    def _file_redirect(self, node: Node) -> str | None:
        """Note a file that is written; return what is read from one."""
        destination = node.child_by_field_name("destination")
        operator = next((text_of(child) for child in node.children if not child.is_named), ">")
        target = self._words.text(destination) if destination is not None else ""
        if operator == "<":
            path = None if HOLE in target or self._cwd is None else os.path.join(self._cwd, target)
            return (read_file(path) if path else None) or HOLE
        if target != "/dev/null" and not (operator.endswith("&") and target.isdigit()):
            self._redirected = True
        return None

    def _assign(self, node: Node) -> str:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        text = self._words.text(value) if value is not None else ""
        if name is not None and value is not None and value.type != "array":
            self._values[text_of(name)] = text
        if node.parent is not None and node.parent.type not in {"command", "declaration_command"}:
            # Not a program, but it may alter what one finds in its environment.
            self._emit(["declare"], None, ())
        return ""

    def _variable(self, name: str) -> str:
        # Set more than once, or by a loop or a program: which value it has where is not for us to find out.
        if self._assigned.get(name, 0) == 1 and "IFS" not in self._assigned:
            return self._values.get(name, HOLE)
        return os.environ.get(name, HOLE) if name in _FROM_OUTSIDE and name not in self._assigned else HOLE

    def _substituted(self, node: Node) -> str:
        return self.walk(node, None)


def _assignments(root: Node) -> dict[str, int]:
    """How often each variable is set; what is set by something else than a plain assignment counts double."""
    found: dict[str, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.named_children
        if node.type == "variable_assignment":
            source = text_of(node)
            name, _, _ = source.partition("=")
            prefix = node.parent is not None and node.parent.type == "command"
            found[name.rstrip("+")] = found.get(name, 0) + (2 if prefix or name.endswith("+") else 1)
        elif node.type in {"for_statement", "select_statement"}:
            variable = node.child_by_field_name("variable")
            if variable is not None:
                found[text_of(variable)] = 2
        elif node.type == "command" and text_of(node).partition(" ")[0] in _SETS_VARIABLES:
            found.update((text_of(child), 2) for child in node.named_children)
    return found


def _home(path: str) -> str:
    return os.path.expanduser(path) if path.startswith("~") else path


def output_of(invocation: Invocation) -> str:  # noqa: PLR0911 - one for each program
    """What a command prints, where that follows from its words."""
    words, stdin = invocation.words, invocation.stdin
    arguments = [word for word in words[1:] if not word.startswith("-")]
    match os.path.basename(words[0]):
        case "echo":
            escaped = "\\" in "".join(arguments) and any(word.startswith("-") and "e" in word for word in words[1:])
            return HOLE if escaped else " ".join(arguments) + "\n"
        case "printf" if arguments:
            return _formatted(arguments[0], arguments[1:])
        case "cat" | "tee":
            return _contents(arguments, invocation.cwd) if words[0] == "cat" and arguments else stdin or ""
        case "base64" if stdin is not None and len(words) > 1 and words[1] in {"-d", "-D", "--decode"}:
            return _decoded(stdin)
        case "command" if words[1:2] not in (("-v",), ("-V",)):
            return HOLE
        case "which" | "command" | "type" | "readlink" | "realpath" | "basename" if arguments:
            return arguments[-1] + "\n"
        case "true" | "cd" | "set" | "export" | "alias" | "shopt" | ":" | "unset":
            return ""
        case _:
            return HOLE


def _formatted(pattern: str, arguments: list[str]) -> str:
    for argument in arguments:
        pattern = pattern.replace("%s", argument, 1) if "%s" in pattern else f"{pattern} {argument}"
    text = pattern.replace("\\n", "\n").replace("\\t", "\t").replace("%%", "")
    return HOLE if "%" in text or "\\" in text else text


def _contents(names: list[str], cwd: str | None) -> str:
    if cwd is None or any(HOLE in name for name in names):
        return HOLE
    return "".join(read_file(os.path.join(cwd, name)) or HOLE for name in names)


def _decoded(text: str) -> str:
    if HOLE in text:
        return HOLE
    import base64  # noqa: PLC0415 - seldom needed
    import binascii  # noqa: PLC0415 - as above

    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return HOLE
