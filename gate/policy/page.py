"""What a rule says about itself, and the page that is written from it (`gate.policy.pages` writes them all)."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.record import dataclass

WIDTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of one rule. Texts are Markdown."""

    level: str
    """The level of most findings, and in brackets the exceptions."""
    what: str
    """When the rule speaks."""
    why: str
    remedy: str
    """What to do."""
    example: str = ""
    """Where it happens, and in italics what the rule says."""
    difference: str = ""
    """The example as a change of a configuration: lines that begin with ``-`` or ``+``."""
    passes: str = ""
    """What it lets pass."""
    blind: str = ""
    """What it does not see."""
    more: str = ""
    """Anything else."""
    sources: tuple[str, ...] = ()
    """Where it is written that it is so."""
    catches: tuple[str, ...] = ()
    """Scenarios in which it objects."""
    spares: tuple[str, ...] = ()
    """Scenarios close to those in which it does not."""


def page_text(name: str, page: Page, *, fixed: bool) -> str:
    """Write the page.

    Args:
        name: The rule's name.
        page: What the rule says about itself.
        fixed: Whether a policy cannot set it below review.
    """
    parts = "\n\n".join(_parts(name, page, fixed=fixed)).split("\n")
    return "\n".join(_wrapped(parts)) + "\n"


def _wrapped(lines: list[str]) -> Iterator[str]:
    """Break long lines of text; code, tables and headings stay as they are."""
    import textwrap  # noqa: PLC0415 - pages are written once, and rules are loaded by every command

    code = False
    for line in lines:
        code ^= line.startswith("```")
        if code or len(line) <= WIDTH or line.startswith(("|", "#", "```")):
            yield line
        else:
            indent = "  " if line.startswith("- ") else ""
            yield from textwrap.wrap(
                line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )


def _parts(name: str, page: Page, *, fixed: bool) -> Iterator[str]:
    yield f"# {name}"
    yield f"**Level:** {page.level}{'; a policy cannot lower it' if fixed else ''}"
    yield page.what
    if page.example:
        yield f"**Example.** {page.example}"
    if page.difference:
        lines = page.difference.strip("\n")
        yield f"```diff\n{lines}\n```"
    yield f"**Why.** {page.why}"
    yield f"**What to do.** {page.remedy}"
    if page.passes:
        yield f"**Lets pass:** {page.passes}"
    if page.blind:
        yield f"**Does not see:** {page.blind}"
    if page.more:
        yield page.more
    if page.sources:
        yield "**Sources.** " + "; ".join(page.sources) + "."
    if page.catches:
        yield f"**Scenarios.** {_linked(page.catches)}" + (
            f"; close by, and let pass: {_linked(page.spares)}" if page.spares else ""
        )


def _linked(scenarios: tuple[str, ...]) -> str:
    return ", ".join(f"[`{name}`](../../fixtures/{name})" for name in scenarios)
