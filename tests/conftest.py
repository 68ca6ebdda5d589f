"""What all tests share: one Docker Engine per run, and one Chromium per process, where tests need one."""

from __future__ import annotations

import gc

import pytest
from browser_host import browser as browser  # noqa: PLC0414 - pytest finds fixtures here
from browser_host import open_page as open_page  # noqa: PLC0414 - as above
from docker_host import docker_host_fixture as docker_host_fixture  # noqa: PLC0414 - pytest finds fixtures here
from docker_host import on_collected, on_end, on_start
from order import in_order

from gate.cli.main import COLLECTION


def pytest_configure() -> None:
    # As the command line does: 8,000 collected tests are not to be looked through again and again.
    gc.set_threshold(*COLLECTION)
    on_start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        items[:] = in_order(items, worker["workercount"])


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.option.collectonly:
        on_collected(session.items)
    gc.freeze()


def pytest_unconfigure() -> None:
    on_end()
