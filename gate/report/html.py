"""The report as one self-contained page: no network, a content security policy that names its own style and script.

Everything that is shown goes through Jinja's autoescaping; only three texts do not, and all are made here: the style
sheet and the script, which are this package's files, and the document, which stands there compressed and in Base64: no
value in it can end the element it stands in, and the page is not twice as long for it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gate.report.graph import HEIGHT, WIDTH
from gate.report.timeline import HEIGHT as LANE_HEIGHT
from gate.report.timeline import SCALE, build_timeline
from gate.report.view import build_view

MOST_CALLS = 5_000
"""Rows in the table of calls; the JSON inside the page has all."""


def render(document: Mapping[str, Any]) -> str:
    """Return a published document as an HTML page.

    Raises:
        ConfigurationError: the document is not a report.
    """
    view = build_view(document)
    style, script = _asset("report.css"), _asset("report.js")
    template = _environment().get_template("report.html.j2")
    return template.render(
        view=view,
        calls=view.calls[:MOST_CALLS],
        timeline=build_timeline(view.calls),
        width=WIDTH,
        height=HEIGHT,
        scale=SCALE,
        lane_height=LANE_HEIGHT,
        slowest=max((phase.seconds or 0 for phase in view.phases), default=0) or 1,
        style=style,
        script=script,
        policy=_content_security_policy(style, script),
        document=_embedded(document),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("gate.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _asset(name: str) -> str:
    return resources.files("gate.report").joinpath("templates", name).read_text(encoding="utf-8")


def _content_security_policy(style: str, script: str) -> str:
    own = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    """Return a source expression for exactly this text (Content Security Policy Level 3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
