"""How long it takes to render reports in every form, how large they are, and when Chromium shows the page.

Run ``python benchmarks/bench_reports.py [--runs N] [REPORT.json…]`` from the top of the repository. Besides the given
reports, made ones of 200 and of 2,000 changes are measured (three calls for each change, so 6,000 of them). Each form
is rendered several times in this process, and the best run counts; the page is then opened in a fresh headless
Chromium, from a file, as many times, and the median counts: first paint, and the end of loading. The picture is then
dragged, and the time between two frames is noted.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "unit"))

from browser_host import FLAGS, chromium
from playwright.sync_api import Browser, sync_playwright
from report_large import IN_EACH, large
from rich.console import Console

from gate.cli.output import RENDERERS
from gate.report import terminal
from gate.report.jsonfmt import to_document

SIZES = (200, 2_000)
STEPS = 60
_TIMES = """async () => {
  const paint = await new Promise((done) => {
    new PerformanceObserver((seen) => seen.getEntriesByName("first-contentful-paint").forEach(done))
      .observe({ type: "paint", buffered: true });
  });
  const [navigation] = performance.getEntriesByType("navigation");
  return [paint.startTime, navigation.loadEventEnd, document.querySelectorAll("*").length];
}"""
_WATCH = """() => {
  window.frames_ = [];
  let last = performance.now();
  const next = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the renderers of reports.")
    parser.add_argument("reports", nargs="*", type=Path, metavar="REPORT.json", help="reports to measure as well")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    documents = {f"{size:,} changes": to_document(large(size // IN_EACH)) for size in SIZES}
    documents |= {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in options.reports}
    print(f"{'report':<18}{'form':<13}{'seconds':>9}{'bytes':>13}")
    with tempfile.TemporaryDirectory() as folder:
        pages = {name: _rendered(name, document, options.runs, Path(folder)) for name, document in documents.items()}
        _in_chromium(pages, options.runs)


def _rendered(name: str, document: dict[str, Any], runs: int, folder: Path) -> Path:
    """Render every form, print its figures, and return the page."""
    page = folder / f"{len(list(folder.iterdir()))}.html"
    for form, render in {**RENDERERS, "terminal": _terminal}.items():
        seconds, text = min(_timed(render, document) for _ in range(runs))
        print(f"{name:<18}{form:<13}{seconds:>9.3f}{len(text.encode()):>13,}", flush=True)
        if form == "html":
            page.write_text(text, encoding="utf-8")
    return page


def _timed(render: Callable[[dict[str, Any]], str], document: dict[str, Any]) -> tuple[float, str]:
    started = time.perf_counter()
    text = render(document)
    return time.perf_counter() - started, text


def _terminal(document: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    terminal.render(document, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is a StringIO


def _in_chromium(pages: dict[str, Path], runs: int) -> None:
    path = chromium()
    if not path:
        raise SystemExit("No Chromium is installed: apt-get install chromium")
    print(f"\n{'page':<18}{'first paint':>12}{'loaded':>9}{'elements':>10}{'frame':>8}{'95 %':>8}  (milliseconds)")
    with sync_playwright() as playwright:
        for name, page in pages.items():
            figures = []
            for _ in range(runs):
                browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
                figures.append(tuple(_opened(browser, page)))
                browser.close()
            paint, loaded, elements, frame, slow = map(median, zip(*figures, strict=True))
            print(f"{name:<18}{paint:>12.0f}{loaded:>9.0f}{elements:>10,.0f}{frame:>8.1f}{slow:>8.1f}", flush=True)


def _opened(browser: Browser, path: Path) -> Iterator[float]:
    """Yield first paint, end of loading, elements, and the median and the slow frame while the picture is dragged."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri(), wait_until="load")
    yield from page.evaluate(_TIMES)
    page.locator("#picture").scroll_into_view_if_needed()
    page.get_by_role("button", name="Fit").click()
    box = page.locator("#picture").bounding_box()
    if box is None:
        raise SystemExit(f"{path} has no picture")
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.evaluate(_WATCH)
    for step in range(STEPS):
        page.mouse.move(box["x"] + 20 + 4 * step, box["y"] + 20 + 2 * step)
    frames = sorted(page.evaluate("frames_.slice(1)"))
    yield frames[len(frames) // 2]
    yield frames[int(len(frames) * 0.95)]


if __name__ == "__main__":
    main()
