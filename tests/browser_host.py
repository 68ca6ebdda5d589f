"""A real headless Chromium for the tests of the page: the fixtures, and how it is found.

Where none is installed, each test that needs it fails with the reason (`make test` installs it where it may). Who wants
to do without says so: SANDTABLE_TESTS_WITHOUT_CHROMIUM=1 skips them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_WITHOUT = "SANDTABLE_TESTS_WITHOUT_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Root cannot have Chromium's sandbox, and the rest keeps it from asking for anything outside."""


@dataclass(slots=True)
class Opened:
    """A page as it was opened, and everything that went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Errors and warnings of the console (violations of the content security policy among them), exceptions, dialogs,
    and requests for anything but the page."""

    def violations(self) -> list[str]:
        """What axe-core finds: rule, and the elements that break it."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{item['id']}: {[node['target'] for node in item['nodes'][:3]]}" for item in found]


Open = Callable[..., Any]


def chromium() -> str:
    """Where Chromium is; empty where it is not."""
    return next(filter(None, map(shutil.which, _NAMES)), None) or ""


# Not for the session: while it is open, its event loop runs in this thread, and no test there can run one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a module."""
    if os.environ.get(_WITHOUT):
        pytest.skip(f"{_WITHOUT} is set")
    path = chromium()
    if not path:
        pytest.fail(f"No Chromium is installed: apt-get install chromium, or set {_WITHOUT}=1 to do without.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Open:
    """Open a file as a page: ``with open_page(path, width=375, dark=True) as opened: …``."""

    @contextmanager
    def opening(
        path: Path, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True
    ) -> Iterator[Opened]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            accept_downloads=True,
        )
        page = context.new_page()
        opened = Opened(page)
        note = opened.problems.append
        page.on(
            "console", lambda said: note(f"{said.type}: {said.text}") if said.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: note(f"exception: {error}"))
        page.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: note(asked.url) if asked.url.split(":")[0] not in {"file", "blob"} else None)
        page.goto(path.as_uri())
        yield opened
        context.close()

    return opening
