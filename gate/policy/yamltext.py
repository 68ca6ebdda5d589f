"""YAML in which every scalar is the text it is, and nothing can be read in two ways."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml
from yaml.composer import ComposerError


class YamlTextError(Exception):
    """The text cannot be read; says why and where, and quotes nothing of it: it may be a file of secrets."""


def load_text(text: str) -> Any:
    """Read YAML into texts, lists and mappings.

    Raises:
        YamlTextError: it is not YAML, or has an alias or a key that is there twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a BaseLoader, which makes nothing but texts, lists, dicts
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise YamlTextError(f"{error.problem or 'it is not YAML'}{where}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlTextError("it is not YAML text, or nested too deeply") from error


class _Loader(yaml.BaseLoader):
    """Reads every scalar as the text it is (`off` is no boolean), and refuses aliases and keys that are there twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: with them, a few lines can stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            raise ComposerError(problem="an alias is not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Refuse a key that is there twice: the first would be lost without a word."""
        found = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            raise ComposerError(problem="a key is there twice", problem_mark=node.start_mark)
        return found
