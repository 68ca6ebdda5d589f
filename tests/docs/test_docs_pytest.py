"""The example on the page about pytest runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"


@pytest.mark.engine
def test_the_example_passes_and_fails_where_the_code_does(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [seed] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "orders.yaml").write_text(seed)
    (tmp_path / "test_example.py").write_text(example)
    (tmp_path / "test_broken.py").write_text(example.replace('== "done"', '!= "done"'))
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", "--rootdir", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in finished.stdout, finished.stdout + finished.stderr


def test_the_plugin_loads_nothing_until_it_is_asked() -> None:
    code = "import sys, gate.pytest_plugin; print(sorted(set(sys.modules) & {'botocore', 'gate.testing', 'sandbox'}))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"
