"""What an app of the CDK presupposes of its account."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.changes.cdk import bootstrap_for
from sandbox.place import Place

PLACE = Place(account="123456789012", region="eu-west-1")


@pytest.mark.parametrize(
    ("settings", "qualifier"),
    [
        ('{"app": "node app.js"}', "hnb659fds"),
        ('{"context": {"@aws-cdk/core:bootstrapQualifier": "team1"}}', "team1"),
        ('{"context": {"@aws-cdk/core:bootstrapQualifier": 3}}', "hnb659fds"),
        ('{"context": []}', "hnb659fds"),
        ("no JSON", "hnb659fds"),
        ("[" * 100_000, "hnb659fds"),
    ],
)
def test_the_qualifier_is_the_apps_or_the_default(tmp_path: Path, settings: str, qualifier: str) -> None:
    (tmp_path / "cdk.json").write_text(settings)
    found = bootstrap_for(tmp_path, PLACE)
    assert found is not None
    assert found.parameter == f"/cdk-bootstrap/{qualifier}/version"


def test_another_folder_presupposes_nothing(tmp_path: Path) -> None:
    assert bootstrap_for(tmp_path, PLACE) is None
