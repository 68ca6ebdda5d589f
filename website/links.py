"""What the site needs beyond docs/: the scenarios' pages, and links that lead to other files of the repository.

A page of docs/ may link to anything in the repository, so that it can be read there. In the site, a link to a scenario
leads to its page, and a link to another file is written out as its path. What leads to nothing stops the build.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = "fixtures"
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)\s]+)\)")
_GENERATED = {"Rules": "rules", "Decisions": "adr"}


def on_config(config: Any) -> Any:
    """Fill the parts of the navigation that are whole folders."""
    for entry in _entries(config.nav):
        for title, folder in _GENERATED.items():
            if title in entry:
                entry[title] = [f"{folder}/index.md", *(f"{folder}/{path.name}" for path in _pages(folder))]
        if "Scenarios" in entry:
            entry["Scenarios"] = ["scenarios/index.md", *(f"scenarios/{name}.md" for name in _scenarios())]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the scenarios' pages, and one page for each folder that is listed whole."""
    for title, folder in _GENERATED.items():
        rows = "".join(f"- [{_heading(path)}]({path.name})\n" for path in _pages(folder))
        files.append(File.generated(config, f"{folder}/index.md", content=f"# {title}\n\n{rows}"))
    files.append(File.generated(config, "scenarios/index.md", abs_src_path=str(ROOT / SCENARIOS / "README.md")))
    for name in _scenarios():
        page = ROOT / SCENARIOS / name / "README.md"
        files.append(File.generated(config, f"scenarios/{name}.md", abs_src_path=str(page)))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:  # noqa: ARG001 - mkdocs' signature
    """Turn links that lead out of docs/ into what the site has."""
    if page.file.src_uri in {f"{folder}/index.md" for folder in _GENERATED.values()}:
        return markdown
    place = _of_repository(page.file.src_uri)
    here = posixpath.dirname(page.file.src_uri)

    def turned(match: re.Match[str]) -> str:
        path, hash_, anchor = match[2].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place), path))
        if not (ROOT / target).exists():
            raise PluginError(f"{place} links to {match[2]}, which is not there")
        found = _of_site(target)
        if found is None:
            return match[1] if match[1].startswith("`") else f"{match[1]} (`{target}`)"
        return f"[{match[1]}]({posixpath.relpath(found, here or '.')}{hash_}{anchor})"

    return _outside_fences(markdown, turned)


def _outside_fences(markdown: str, turned: Any) -> str:
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(turned, part) for part in parts)


def _of_repository(uri: str) -> str:
    """The path from the top of the repository of a page of the site."""
    if not uri.startswith("scenarios/"):
        return f"docs/{uri}"
    name = posixpath.basename(uri).removesuffix(".md")
    return f"{SCENARIOS}/README.md" if name == "index" else f"{SCENARIOS}/{name}/README.md"


def _of_site(path: str) -> str | None:
    """The page of the site that a file or folder of the repository has; None where it has none."""
    if path.startswith("docs/"):
        inside = path.removeprefix("docs/")
        return f"{inside}/index.md" if inside in _GENERATED.values() else inside
    if path in {SCENARIOS, f"{SCENARIOS}/README.md"}:
        return "scenarios/index.md"
    name = path.removeprefix(f"{SCENARIOS}/").removesuffix("/README.md")
    return f"scenarios/{name}.md" if name in _scenarios() else None


def _pages(folder: str) -> list[Path]:
    return sorted((ROOT / "docs" / folder).glob("*.md"))


def _heading(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _scenarios() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in (ROOT / SCENARIOS).glob("*/README.md")))


def _entries(nav: Any) -> list[dict[str, Any]]:
    """Every entry of the navigation that has a title, at any depth."""
    found = []
    for item in nav:
        if isinstance(item, dict):
            found.append(item)
            found += [entry for below in item.values() if isinstance(below, list) for entry in _entries(below)]
    return found
