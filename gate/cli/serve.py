"""`sandtable serve run-task`: judge the plans of HCP Terraform's runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import urlsplit

from gate.cli.output import write
from gate.policy_source import read_file
from gate.report import jsonfmt
from gate.report.model import Report
from gate.runtask.server import Settings, serve
from sandbox.errors import ConfigurationError, UsageError
from sandbox.scratch import scratch_folder

KEY = "SANDTABLE_HMAC_KEY"
MOST_BYTES = 4_096
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def run_task(options: argparse.Namespace) -> int:
    """Serve until a signal asks for the end."""
    if options.policy is not None:
        # A mistake in it should show now, and not with the first run.
        read_file(options.policy)
    with scratch_folder() as empty:
        settings = Settings(
            key=_key(options.hmac_key_file),
            origin=_origin(options.hcp),
            empty=empty,
            policy=options.policy,
            policy_environment=options.environment,
            rego=options.rego,
            account=options.account,
            region=options.region,
            keep=lambda run, report: _keep(options.out, run, report),
        )
        serve(settings, host=options.host, port=options.port)
    return 0


def _keep(out: Path | None, run: str, report: Report) -> None:
    if out is not None:
        write(jsonfmt.to_document(report), out / run)


def _key(path: Path | None) -> bytes:
    try:
        key = os.environ.get(KEY, "").encode() if path is None else path.read_bytes()[:MOST_BYTES].strip()
    except OSError as error:
        raise ConfigurationError(f"The key cannot be read: {error}.", hint="Name a readable file.") from error
    if not key:
        raise UsageError(
            "There is no HMAC key, and requests without one are nobody's.",
            hint=f"Set one for the run task, and name it here: --hmac-key-file, or {KEY}.",
        )
    return key


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        parts, is_secure = urlsplit(""), False
    if not is_secure or not parts.netloc or parts.path.strip("/"):
        raise UsageError(f"{text!r} is no address of a Terraform.", hint="An example: https://app.terraform.io")
    return f"{parts.scheme}://{parts.netloc}"
