"""What HCP Terraform asks: whose word it is, and what it says.

A request counts if its body is signed with the key that both know; before that, nothing of it is read. Its addresses
count if they are those of the one Terraform that this server works for.

Source: HashiCorp, "Run Tasks Integration API" (request body, "Securing your Run Task", test requests).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SIGNATURE = "X-TFC-Task-Signature"
TEST_TOKEN = "test-token"  # noqa: S105 - what HCP Terraform sends when somebody registers the task
STAGES = frozenset({"post_plan", "pre_apply"})
"""The stages at which there is a plan."""

_RUN = re.compile(r"run-[A-Za-z0-9]{1,64}")
_LONGEST = 4_000


class RefusedError(Exception):
    """A request that is not served.

    Args:
        status: The answer's HTTP status.
        message: Why, for the log and the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A run that waits for a result."""

    run: str
    stage: str
    token: str
    """Reads this run's plan and takes its result; nothing else (as HashiCorp documents it)."""
    plan: str
    callback: str
    workspace: str
    is_test: bool
    takes_outcomes: bool


def read_request(body: bytes, signature: str, *, key: bytes, origin: str) -> TaskRequest:
    """Verify and parse a request.

    Args:
        body: As it came.
        signature: The header of that name.
        key: The HMAC key that is set for the task.
        origin: Scheme and host of the Terraform that this server works for.

    Raises:
        RefusedError: 401 where the signature is not that of the key, 400 where the body makes no sense.
    """
    expected = hmac.new(key, body, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        raise RefusedError(401, "the signature is not that of the key")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "the body is no JSON") from None
    if not isinstance(document, dict):
        raise RefusedError(400, "the body is no JSON object")
    token = _text(document, "access_token")
    is_test = token == TEST_TOKEN
    return TaskRequest(
        run=_text(document, "run_id"),
        stage=_text(document, "stage"),
        token=token,
        plan="" if is_test else _address(document, "plan_json_api_url", origin),
        callback="" if is_test else _address(document, "task_result_callback_url", origin),
        workspace=_text(document, "workspace_name"),
        is_test=is_test,
        takes_outcomes=_takes_outcomes(document),
    )


def folder_of(request: TaskRequest) -> str:
    """A name for the run's reports.

    Raises:
        RefusedError: it has none.
    """
    if not _RUN.fullmatch(request.run):
        raise RefusedError(400, "run_id is no run's")
    return request.run


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise RefusedError(400, f"{name} is no text")
    return value


def _address(document: dict[str, Any], name: str, origin: str) -> str:
    # At a stage that has no plan, there is no address of one.
    address = "" if document.get(name) is None else _text(document, name)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise RefusedError(400, f"{name} is no address") from None
    if address and f"{parts.scheme}://{parts.netloc}" != origin:
        raise RefusedError(400, f"{name} leads elsewhere than to {origin}")
    return address


def _takes_outcomes(document: dict[str, Any]) -> bool:
    capabilities = document.get("capabilities")
    return isinstance(capabilities, dict) and capabilities.get("outcomes") is True
