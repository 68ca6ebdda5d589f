"""The report as a comment on a pull request, read back by a real Markdown parser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from golden_files import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_large import large
from report_samples import GOLDEN, NASTIES, SAMPLES, change, finding, reject, report, verdict

from diffing.change import Action, Lifespan, StateDiff
from gate.report import markdown
from gate.report.escape import visible
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.verdict import Decision, Level

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TAGS = {
    *("h2", "h3", "p", "ul", "li", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "br"),
    *("details", "summary", "sub", "span", "blockquote"),
}


def rendered(sample: Report) -> str:
    return markdown.render(to_document(sample))


def tags(text: str) -> set[str]:
    page = re.sub(r"<!-- [\w-]* ?-->", "", PARSER.render(text))
    return set(re.findall(r"<([!/a-zA-Z][\w!-]*)", page))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    assert_golden(f"{name}.md", rendered(GOLDEN[name]()))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits_into_a_comment(name: str) -> None:
    text = rendered(SAMPLES[name]())
    assert len(text.encode("utf-16-le")) // 2 <= 65_536
    assert text.startswith("<!-- sandtable-report -->\n")
    assert text.count("<details>") == text.count("</details>") or name == "hostile"


def test_what_did_not_fit_is_counted() -> None:
    changes = tuple(
        change(f"aws_dynamodb_table.{'long' * 40}[{index}]", Action.DELETE, stakes={"items": 1}) for index in range(400)
    )
    findings = tuple(finding("resource-deleted", Level.REJECT, item.address, "is deleted") for item in changes)
    text = rendered(report(verdict=verdict(Decision.REJECT, *findings), diff=StateDiff(changes=changes)))
    kept = text.count("<details>")
    assert len(text) <= 65_536
    assert f"{401 - kept} more sections did not fit" in text.replace(",", "")
    assert "Destructive changes (400)" in text
    assert "360 more `aws_dynamodb_table` deleted" in text


def test_one_endless_message_leaves_room_for_the_rest() -> None:
    endless = finding("rule", Level.REJECT, "", "$" * 200_000, "$" * 200_000)
    text = rendered(report(verdict=verdict(Decision.REJECT, endless)))
    assert len(text) <= 65_536
    assert "Rejected" in text
    assert "1 more sections did not fit" in text


def test_a_replace_is_never_counted_as_zero() -> None:
    text = rendered(reject())
    assert "**3 replaced**" in text
    assert "| `-/+` replaced | `aws_dynamodb_table.cost_records` |" in text
    assert '`name`: `"cost-recrods"` → `"cost-records"`' in text
    assert "items: 3 → 0" in text


@pytest.mark.parametrize("name", SAMPLES)
def test_only_the_tags_of_the_page_itself_reach_the_reader(name: str) -> None:
    found = tags(rendered(SAMPLES[name]()))
    assert "h2" in found
    assert {tag.removeprefix("/") for tag in found} <= TAGS


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    text = rendered(SAMPLES["hostile"]())
    page = re.sub(r"<(code|pre)\b.*?</\1>", "", PARSER.render(text), flags=re.DOTALL)
    assert "@<!-- -->everyone" in page
    assert not re.search(r"@\w|#\d|https?://|www\.|<a |<img |\$\w", page)


def test_nasties_are_shown_as_text() -> None:
    page = PARSER.render(rendered(SAMPLES["hostile"]()))
    words = re.sub(r"<!-- -->|</?(span|code|p|li|strong|br)\b[^>]*>", "", page)
    for entity, char in {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}.items():
        words = words.replace(entity, char)
    for nasty in NASTIES:
        if "<!-- -->" not in nasty:
            assert visible(nasty) in words


def test_no_control_character_gets_through() -> None:
    assert {char for char in rendered(SAMPLES["hostile"]()) if not char.isprintable()} <= {"\n", "\ufe0f"}


names = st.text(max_size=30) | st.text("`|\\<>&[]()*_~$@#:!-+=.1 \nwx/\"'", max_size=30)


@settings(deadline=None)
@given(names)
def test_no_name_adds_markup(name: str) -> None:
    expected = tags(rendered(_with_name("`x` $")))
    assert {"code", "span"} <= expected
    assert tags(rendered(_with_name(name))) <= expected


def _with_name(name: str) -> Report:
    item = change(f"a.{name}", Action.REPLACE, reason=f"r {name}", disagreements=(f"d {name}",), type=name)
    item = replace(item, replace_paths=((name, "x"),))
    said = finding("rule", Level.REJECT, item.address, f"m {name}", "")
    return report(verdict=verdict(Decision.REJECT, said), diff=StateDiff(changes=(item,)), notices=(f"n {name}",))


def test_it_leads_to_the_full_report_where_that_is_known() -> None:
    link = "https://github.example/o/r/actions/runs/7"
    text = markdown.render(to_document(large()), link=link)
    assert f"more sections did not fit in here; [the full report](<{link}>) has them." in text
    assert text.rstrip().endswith(f" · [the full report](<{link}>)</sub>")
    assert len(text.encode("utf-16-le")) // 2 <= markdown.LONGEST
    assert "the full report" not in markdown.render(to_document(reject()))


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://a b", "https://a>x", "ftp://a", "https://a\nb", "mailto:x"]
)
def test_what_is_no_web_address_is_no_link(link: str) -> None:
    assert not markdown.is_link(link)
    assert link not in markdown.render(to_document(reject()), link=link)


def test_a_summary_of_a_step_holds_more() -> None:
    comment, summary = markdown.render(to_document(large())), markdown.render_summary(to_document(large()))
    assert len(comment) < len(summary)
    assert len(summary.encode()) <= 1_048_576


@pytest.mark.parametrize("action", [Action.UPDATE, Action.NO_OP])
def test_what_was_deleted_and_made_again_is_counted_as_replaced(action: Action) -> None:
    made = report(diff=StateDiff(changes=(change("aws_sns_topic.t", action, lifespan=Lifespan.RECREATED),)))
    assert "**1 replaced**" in markdown.render(to_document(made))


def test_golden_of_two_thousand_changes() -> None:
    assert_golden("many.md", rendered(SAMPLES["many"]()))
