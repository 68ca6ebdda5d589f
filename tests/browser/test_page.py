"""The page of a report in a real browser: what it shows, what it does, and what it must never do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from browser_host import Open
from playwright.sync_api import Page, expect

sys.path.append(str(Path(__file__).parent.parent / "unit"))

from report_large import large
from report_samples import GOLDEN, SAMPLES, reject

from gate.report import html, jsonfmt

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280)
CALLS, CHANGES = "#calls tbody tr:visible", "#changes .card:visible"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sample as a page."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name, sample in {**SAMPLES, "large": large}.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(html.render(jsonfmt.to_document(sample())), encoding="utf-8")
    return made


def transform(page: Page) -> str:
    return str(page.evaluate("document.getElementById('world').getAttribute('transform')"))


def settle(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


# What it must never do


@pytest.mark.parametrize("name", [*SAMPLES, "large"])
def test_nothing_goes_wrong_and_nothing_reaches_out(name: str, pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages[name]) as opened:
        opened.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        settle(opened.page)
        assert opened.problems == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*GOLDEN, "hostile", "second-opinion"])
def test_it_is_accessible_and_never_wider_than_the_screen(
    name: str, width: int, *, dark: bool, pages: dict[str, Path], open_page: Open
) -> None:
    with open_page(pages[name], width=width, dark=dark) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.violations() == []


def test_names_act_on_nothing_even_when_everything_is_clicked(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["hostile"]) as opened:
        address = opened.page.url
        for link in opened.page.locator("a[href]").all():
            link.evaluate("(each) => each.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))")
        assert opened.page.url.split("#")[0] == address
        assert opened.problems == []


def test_it_is_read_without_a_script(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"], script=False) as opened:
        page = opened.page
        expect(page.get_by_role("heading", level=1)).to_contain_text("replaced")
        expect(page.locator("#graph .node").first).to_be_visible()
        expect(page.locator("#graph-tools, #change-filters, #call-filters, #download")).to_have_count(4)
        assert page.locator("#graph-tools:visible, form:visible, #download:visible").count() == 0
        assert opened.problems == []


# The first screen


def test_the_decision_and_why_are_on_the_first_screen(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        for text in ("Rejected", '"cost-recrods"', "items: 3 → 0", "blast-radius"):
            box = opened.page.get_by_text(text).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 900, text


def test_what_is_destroyed_comes_before_the_rest(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        order = [item.get_attribute("id") for item in opened.page.locator("section").all()]
        assert order.index("destructive") < order.index("attention") < order.index("others")
        expect(opened.page.locator("#destructive .forces-tag").first).to_have_text("forces the replacement")


# The picture


def test_a_click_leads_to_the_resource_and_opens_it(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.get_by_role("button", name="Close all").click()
        node = page.locator("#graph a.node", has_text="exports").first
        node.click()
        card = page.locator(str(node.get_attribute("href")))
        expect(card).to_have_attribute("open", "")
        expect(card).to_be_in_viewport()
        expect(card.locator("summary")).to_be_focused()
        expect(card).to_contain_text("aws_s3_bucket.exports")


def test_a_link_shows_a_resource_that_a_filter_hides_and_works_twice(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        link = page.locator(".why a").first
        card = page.locator(str(link.get_attribute("href")))
        for _ in range(2):
            page.locator("#change-filters [name=words]").fill("no such thing")
            expect(card).to_be_hidden()
            link.click()
            expect(card).to_be_visible()


def test_it_moves_and_a_drag_is_no_click(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.locator("#picture").scroll_into_view_if_needed()
        before, box = transform(page), page.locator("#graph a.node").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 80, box["y"] + 50, steps=4)
        page.mouse.up()
        settle(page)
        assert transform(page) != before
        assert "#" not in page.url


def test_it_zooms_by_buttons_and_wheel_and_fits_again(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["large"]) as opened:
        page = opened.page
        page.locator("#picture").scroll_into_view_if_needed()

        def scale() -> float:
            settle(page)
            return float(transform(page).split("scale(")[1].rstrip(")"))

        page.get_by_role("button", name="Fit").click()
        fitting = scale()
        width, height = (
            page.evaluate(f"document.getElementById('graph').getBBox().{side}") for side in ("width", "height")
        )
        box = page.locator("#picture").bounding_box()
        assert box is not None
        assert width <= box["width"]
        assert height <= box["height"]
        page.get_by_role("button", name="Zoom in").click()
        nearer = scale()
        assert nearer > fitting
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        top = page.evaluate("scrollY")
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        assert scale() > nearer
        assert page.evaluate("scrollY") == top
        page.get_by_role("button", name="Fit").click()
        assert scale() == fitting


def test_the_wheel_alone_scrolls_the_page(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.locator("#picture").scroll_into_view_if_needed()
        page.locator("#picture").hover()
        before, top = transform(page), page.evaluate("scrollY")
        page.mouse.wheel(0, 200)
        # Not by waiting for an expression: the page's policy forbids to evaluate one.
        for _ in range(100):
            if page.evaluate("scrollY") > top:
                break
            page.wait_for_timeout(50)
        assert page.evaluate("scrollY") > top
        assert transform(page) == before


def test_the_keyboard_walks_through_it(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        assert page.locator("#graph [tabindex='0']").count() == 1
        page.locator("#graph-find").focus()
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.dataset.node")
        assert first
        page.keyboard.press("ArrowRight")
        second = page.evaluate("document.activeElement.dataset.node")
        assert second not in {None, first}
        expect(page.locator("#graph-said")).not_to_be_empty()
        page.keyboard.press("ArrowLeft")
        before = transform(page)
        page.keyboard.press("+")
        settle(page)
        assert transform(page) != before
        page.keyboard.press("Enter")
        assert "#resource-" in page.url
        expect(page.locator(page.url[page.url.index("#") :])).to_be_in_viewport()


def test_what_hangs_on_a_resource_lights_up(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.locator("#graph .node", has_text="cost_records").hover()
        lit = {item.locator("title").text_content() or "" for item in page.locator("#graph .node.lit").all()}
        assert {text.split(":")[0] for text in lit} == {
            "aws_dynamodb_table.cost_records",
            "aws_iam_role_policy.api",
            'module.web["blue"].aws_ecs_service.api',
            "aws_cloudwatch_metric_alarm.errors",
        }
        assert page.locator("#graph .edges .lit").count() == 3


def test_it_finds(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["large"]) as opened:
        page = opened.page
        page.locator("#graph-find").fill('service["3"] dynamodb deleted')
        found = page.locator("#graph .node.found")
        assert found.count() > 0
        expect(page.locator("#graph-said")).to_have_text(f"{found.count()} found")
        settle(page)
        box, around = found.first.bounding_box(), page.locator("#picture").bounding_box()
        assert box is not None
        assert around is not None
        assert around["x"] <= box["x"] <= around["x"] + around["width"]
        assert around["y"] <= box["y"] <= around["y"] + around["height"]


@pytest.mark.parametrize("name", ["reject", "unicode", "hostile"])
def test_no_text_leaves_its_box(name: str, pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages[name]) as opened:
        page = opened.page
        assert page.locator("#graph .node text:not(.sign):not([clip-path])").count() == 0
        wide = page.evaluate(
            "[...document.querySelectorAll('#graph .sign')].filter((each) => each.getBBox().width > 34).length"
        )
        assert wide == 0


# Filters


def test_changes_are_filtered_by_words_and_by_what_happens(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["large"]) as opened:
        page = opened.page
        form = page.locator("#change-filters")
        form.locator("[name=action]").select_option("delete")
        form.locator("[name=words]").fill('service["7"] dynamodb')
        shown = page.locator(CHANGES)
        assert shown.count() > 0
        for card in shown.all():
            expect(card).to_have_attribute("data-action", "delete")
            assert 'service["7"]' in (card.locator(".address").first.text_content() or "")
        expect(page.locator("#changes-shown")).to_have_text(f"{shown.count()} of 2000")
        expect(page.locator("#others")).to_be_hidden()
        page.get_by_role("button", name="Close all").click()
        assert page.locator(f"{CHANGES}[open]").count() == 0


def test_calls_are_filtered_by_words_kind_phase_and_time(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        total = page.locator(CALLS).count()
        form = page.locator("#call-filters")
        form.locator("[name=words]").fill("deletetable")
        assert page.locator(CALLS).all_inner_texts()[0].split("\t")[2] == "dynamodb:DeleteTable"
        form.get_by_role("button", name="Reset").click()
        expect(page.locator("#calls-shown")).to_have_text(f"{total} of {total}")
        form.locator("[name=failed]").check()
        assert {row.split("\t")[4].split()[0] for row in page.locator(CALLS).all_inner_texts()} == {"409", "501"}
        form.get_by_role("button", name="Reset").click()
        form.locator("[name=phase]").select_option("seed")
        expect(page.locator(CALLS)).to_have_count(1)
        form.get_by_role("button", name="Reset").click()
        form.locator("[name=from]").fill("41")
        form.locator("[name=to]").fill("42")
        assert all(41 <= float(row.split("\t")[0]) <= 42 for row in page.locator(CALLS).all_inner_texts())


def test_a_click_on_the_timeline_shows_the_calls_of_that_time(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.locator(".lane", has_text="seed").locator("rect").click()
        (row,) = page.locator(CALLS).all_inner_texts()
        assert row.split("\t")[1:3] == ["seed", "dynamodb:PutItem"]


# What is taken away from it


def test_a_remedy_is_copied_the_code_of_it_where_it_has_some(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        card = page.locator("#destructive .card", has_text="aws_s3_bucket.exports").first
        card.get_by_role("button", name="Copy what to do").click()
        expect(card.get_by_role("button", name="Copy what to do")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == (
            "moved {\n  from = aws_s3_bucket.exports\n  to   = aws_s3_bucket.cost_exports\n}"
        )


@pytest.mark.parametrize("name", ["reject", "hostile"])
def test_the_document_is_downloaded_as_it_is(name: str, pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages[name]) as opened:
        with opened.page.expect_download() as caught:
            opened.page.get_by_role("button", name="Download report.json").click()
        assert caught.value.suggested_filename == "report.json"
        document: Any = json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))
        assert document == jsonfmt.to_document(SAMPLES[name]())
        assert opened.problems == []


def test_on_paper_everything_is_open_and_nothing_is_a_control(pages: dict[str, Path], open_page: Open) -> None:
    with open_page(pages["reject"]) as opened:
        page = opened.page
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        settle(page)
        assert page.locator("details:not([open])").count() == 0
        assert page.locator("button:visible, form:visible, nav:visible").count() == 0
        assert transform(page) == "None"
        page.emulate_media(media="screen")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        settle(page)
        assert transform(page).startswith("translate(")
        assert page.pdf().startswith(b"%PDF")
        assert opened.problems == []


def test_the_sample_holds_what_these_tests_look_for() -> None:
    assert reject().dependencies
    assert reject().locations
