"""Who calls: what a request's Signature Version 4 credential scope and its User-Agent say.

The scope (``AKID/20260101/us-east-1/sqs/aws4_request``) stands in the Authorization header or, in a presigned URL, in
``X-Amz-Credential``. It is documented in the IAM user guide under "Create a signed AWS API request".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.recorder.exchange import Request

_SCOPE = re.compile(r"(?P<key>[^/\s=,]+)/\d{8}/(?:(?P<region>[^/]*)/)?(?P<service>[^/\s,]+)/aws4_request")
_VERSION_2 = re.compile(r"^AWS (?P<key>[^:\s]+):")
_AGENT = re.compile(r"(?:^|\s)api/(?P<service>[A-Za-z0-9_.-]+)")
_PROGRAM_LENGTH = 64
_ACCOUNT = re.compile(r"\d{12}")


_PROGRAMS = (
    # A program names the SDK that it is built on as well: the outermost first.
    ("terraform-provider-aws", "terraform-provider-aws/"),
    ("aws-cli", "aws-cli/"),
    ("aws-cdk", "aws-cdk/"),
    ("boto3", "boto3/"),
    ("botocore", "botocore/"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the request says of its origin; each field is empty where it says nothing."""

    access_key_id: str = ""
    region: str = ""
    signing_name: str = ""
    agent_tag: str = ""
    """The AWS SDK's own name of the service (User-Agent ``api/...``), in lower case, letters and digits only."""

    @property
    def account(self) -> str:
        """The account, where the dummy access key id is one."""
        return self.access_key_id if _ACCOUNT.fullmatch(self.access_key_id) else ""


def caller_of(request: Request) -> Caller:
    """Read the credential scope and the User-Agent."""
    authorization = request.headers.get("authorization", "")
    scope = _SCOPE.search(authorization) or _SCOPE.search(request.query.get("X-Amz-Credential", ""))
    agent = _agent_tag(request)
    if scope:
        return Caller(
            access_key_id=scope["key"],
            region=scope["region"] or _first_region(request),
            signing_name=scope["service"],
            agent_tag=agent,
        )
    key = _version_2_key(request, authorization)
    return Caller(access_key_id=key, signing_name=_version_2(request), agent_tag=agent)


def program_of(request: Request) -> str:
    """The program that made the call, as far as its User-Agent is to be believed."""
    text = request.headers.get("user-agent", "").lower()
    known = next((name for name, mark in _PROGRAMS if mark in text), "")
    product = text.split()[0] if text.strip() else ""
    return known or product.partition("/")[0][:_PROGRAM_LENGTH]


def normalized_tag(name: str) -> str:
    """Reduce a service's name to what SDKs agree on: ``Elastic Load Balancing v2`` → ``elasticloadbalancingv2``."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _agent_tag(request: Request) -> str:
    for header in ("user-agent", "x-amz-user-agent"):
        tag = _AGENT.search(request.headers.get(header, ""))
        if tag:
            return normalized_tag(tag["service"])
    return ""


def _first_region(request: Request) -> str:
    """Version 4A signs for a set of regions and leaves the region out of the scope."""
    regions = request.headers.get("x-amz-region-set", "") or request.query.get("X-Amz-Region-Set", "")
    return regions.split(",")[0].strip()


def _version_2(request: Request) -> str:
    """Only S3 still takes Signature Version 2 in this shape."""
    signed = {"AWSAccessKeyId", "Signature", "Expires"} <= request.query.keys()
    return "s3" if signed or _VERSION_2.match(request.headers.get("authorization", "")) else ""


def _version_2_key(request: Request, authorization: str) -> str:
    match = _VERSION_2.match(authorization)
    return match["key"] if match else request.query.get("AWSAccessKeyId", "")
