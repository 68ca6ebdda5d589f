"""Whether an engine answers, and as whom: one STS GetCallerIdentity with a signature that nobody made.

An emulator verifies no signatures. AWS does, and so does whatever passes calls on to it as they are: an answer to this
call is evidence that the other side is not AWS.
"""

from __future__ import annotations

import http.client
import re
import urllib.parse
from dataclasses import dataclass

DEFAULT_ACCOUNT = "123456789012"
"""The account that every engine answers for when the access key id is not itself an account id."""

_BODY = "Action=GetCallerIdentity&Version=2011-06-15"
_ACCOUNT = re.compile(rb"<Account>(\d{12})</Account>|\"Account\"\s*:\s*\"(\d{12})\"")
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,64})</Code>")
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int = 0
    """HTTP status; 0 where nothing answered."""
    account: str = ""
    """Whose credentials the engine takes the access key for; empty where it is no answer of STS's."""
    code: str = ""
    """AWS's error code."""
    problem: str = ""
    """Why there is no answer, in words."""


def ask(endpoint: str, *, access_key_id: str = DEFAULT_ACCOUNT, timeout: float = 2.0) -> Answer:
    """Ask who the caller is.

    Args:
        endpoint: ``http://HOST:PORT`` or https.
        access_key_id: Whose credentials to claim.
        timeout: Seconds for connecting, and for each read.
    """
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": (
            f"AWS4-HMAC-SHA256 Credential={access_key_id}/20260101/us-east-1/sts/aws4_request, "
            "SignedHeaders=host, Signature=0"
        ),
    }
    status, content, problem = exchange(endpoint, "POST", "/", body=_BODY, headers=headers, timeout=timeout)
    account = _ACCOUNT.search(content) if status else None
    code = _CODE.search(content)
    return Answer(
        status=status,
        account=(account[1] or account[2]).decode() if account else "",
        code=code[1].decode() if code else "",
        problem=problem,
    )


def exchange(
    endpoint: str,
    method: str,
    path: str,
    *,
    body: str | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 2.0,
) -> tuple[int, bytes, str]:
    """Make one HTTP request; return status (0 without an answer), the head of the body, and what went wrong."""
    address = urllib.parse.urlsplit(endpoint)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read(_MOST_BYTES), ""
    except (OSError, http.client.HTTPException) as error:
        return 0, b"", str(error) or type(error).__name__
    finally:
        connection.close()
