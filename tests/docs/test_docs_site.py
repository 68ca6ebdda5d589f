"""The site of these pages builds strictly: every link and anchor leads somewhere, every page is in the navigation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def built(top: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    return subprocess.run(
        [*command, "--config-file", str(top / "website/mkdocs.yml")],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_builds(tmp_path: Path) -> None:
    done = built(ROOT, tmp_path)

    assert done.returncode == 0, done.stderr
    for page in ("index.html", "ci/index.html", "rules/pipeline/index.html", "scenarios/kiro/index.html"):
        assert (tmp_path / page).exists(), page
    assert 'href="../../scenarios/hidden-provisioner/"' in (tmp_path / "rules/data-destroyed/index.html").read_text()
    assert 'class="mermaid"' in (tmp_path / "how-it-works/index.html").read_text()


def test_a_link_to_nowhere_stops_the_build(tmp_path: Path) -> None:
    for name in ("docs", "website", "fixtures"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    for name in ("examples", "action.yml"):
        (tmp_path / "copy" / name).symlink_to(ROOT / name)
    page = tmp_path / "copy/docs/start.md"
    page.write_text(page.read_text() + "\n[nowhere](../fixtures/nowhere)\n")
    done = built(tmp_path / "copy", tmp_path / "site")
    assert done.returncode != 0
    assert "fixtures/nowhere" in done.stdout + done.stderr
