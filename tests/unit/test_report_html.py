"""The report as a page, read back by a real HTML parser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from golden_files import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import GOLDEN, NASTIES, SAMPLES, call, change, finding, reject, report, secrets, verdict

from diffing.change import Action, StateDiff
from gate.report import html
from gate.report.escape import visible
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.verdict import Decision, Level

VOID = {"meta", "br", "input"}
REFERENCES = {"url(#arrow)", "url(#arrow-hot)", "url(#inside)"}


class Page(HTMLParser):
    """Elements with their attributes, the text that is shown, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.shown = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]][-1] += data
        else:
            self.shown += data


def rendered(sample: Report) -> str:
    return html.render(to_document(sample))


def source_expression(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    # The style sheet and the script are the same for all; how a document is compressed depends on the version of zlib.
    page = rendered(GOLDEN[name]())
    for raw in (*Page(page).raw["style"], *Page(page).raw["script"]):
        page = page.replace(raw, "…")
    assert_golden(f"{name}.html", re.sub(r"sha256-[\w+/=]+", "sha256-…", page))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_policy_allows_this_page_s_own_style_and_script_and_nothing_else(name: str) -> None:
    page = Page(rendered(SAMPLES[name]()))
    (policy,) = [item["content"] for tag, item in page.elements if item.get("http-equiv") == "Content-Security-Policy"]
    (style,), (data, script) = page.raw["style"], page.raw["script"]
    assert policy == (
        f"default-src 'none'; style-src {source_expression(style)}; script-src {source_expression(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert json.loads(gzip.decompress(base64.b64decode(data))) == to_document(SAMPLES[name]())


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_in_the_page_acts_or_reaches_out(name: str) -> None:
    page = Page(rendered(SAMPLES[name]()))
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed", "link", "base"}
        assert not [key for key in attributes if key.startswith("on") or key in {"src", "style", "srcset", "action"}]
        assert (attributes.get("href") or "#").startswith("#")
        assert {attributes.get(key, "url(#") for key in ("marker-end", "clip-path")} <= {"url(#", *REFERENCES}
    assert "url(" not in page.raw["style"][0]
    assert "@import" not in page.raw["style"][0]
    assert not re.search(r"fetch|XMLHttpRequest|innerHTML|eval|import\(", page.raw["script"][1])


def test_every_link_inside_the_page_has_its_target() -> None:
    page = Page(rendered(reject()))
    targets = {item["id"] for _, item in page.elements if "id" in item}
    links = {item["href"] for tag, item in page.elements if tag == "a" and "href" in item}
    assert len(links) > 5
    assert {str(link).removeprefix("#") for link in links} <= targets


def test_nasties_are_shown_as_text() -> None:
    shown = Page(rendered(SAMPLES["hostile"]())).shown
    for nasty in NASTIES:
        assert visible(nasty) in shown


@pytest.mark.parametrize("name", SAMPLES)
def test_no_control_character_gets_through(name: str) -> None:
    text = rendered(SAMPLES[name]())
    assert {char for char in text if not char.isprintable()} == {"\n"}
    text.encode("utf-8")


def test_the_decision_and_why_come_first() -> None:
    shown = Page(rendered(reject())).shown
    why = shown.index('"cost-recrods" → "cost-records"')
    assert shown.index("Rejected") < why < shown.index("Destructive changes") < shown.index("Other changes 2")
    assert "items: 3 → 0" in shown[: shown.index("Destructive changes")]
    assert "forces the replacement" in shown


def test_secrets_are_named_and_not_shown() -> None:
    shown = Page(rendered(secrets())).shown
    assert shown.count("(sensitive)") >= 2


def test_calls_beyond_the_table_are_counted() -> None:
    calls = tuple(call(number, "s3:PutObject") for number in range(html.MOST_CALLS + 7))
    page = Page(rendered(report(calls=calls)))
    assert sum(item.get("class") == "write" for tag, item in page.elements if tag == "tr") == html.MOST_CALLS
    assert "5,007" in page.shown
    assert "The first 5,000 are listed" in page.shown


@settings(deadline=None)
@given(st.text(max_size=30) | st.text("<>&\"'/=!- scriptonx`{}%\n", max_size=30))
def test_no_name_adds_an_element(name: str) -> None:
    assert _shape(name) == _shape("x")


def _shape(name: str) -> list[tuple[str, list[str]]]:
    said = finding(f"r{name}", Level.REJECT, f"a.{name}", "m")
    item = change(f"a.{name}", Action.DELETE, type=f"t{name}", disagreements=(f"d{name}",))
    sample = report(
        verdict=verdict(Decision.REJECT, said),
        diff=StateDiff(changes=(item,)),
        calls=(call(1, "s3:PutObject", phase=f"p{name}", resources=(name,)),),
        notices=(f"n{name}",),
    )
    return [(tag, sorted(attributes)) for tag, attributes in Page(rendered(sample)).elements]
