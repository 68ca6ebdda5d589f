"""The way to the live account: real credentials, real endpoints, patience.

botocore finds the credentials (profile, SSO, assumed roles, instance metadata), refreshes them, and knows each
service's endpoint in each region. They are used in this process only; whoever asks through the forwarder has none.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from sandbox.errors import ConfigurationError, SandtableError
from sandbox.recorder.exchange import Request

_NOT_PASSED_ON = frozenset(
    """
    authorization host connection content-length expect transfer-encoding te upgrade keep-alive proxy-authorization
    x-amz-date x-amz-security-token x-amz-content-sha256 accept-encoding
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_THROTTLED = re.compile(
    rb"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|PriorRequestNotComplete|BandwidthLimitExceeded|EC2ThrottledException"
)
"""Source: botocore's standard retry mode (``retries/standard.py``)."""
_THROTTLED_STATUS = frozenset({400, 403, 429, 503})
_TRANSIENT_STATUS = frozenset({500, 502, 504})
_ATTEMPTS = 9
_TRANSIENT_ATTEMPTS = 3
_LONGEST_PAUSE = 20.0
_SLOWEST = 2.0
"""Seconds between two calls to a service in a region, at most."""
_FIRST_PAUSE = 0.05
_EASE = 0.9
_CONNECTIONS = 32
_TIMEOUT = 60.0
_BUCKET_REGION = "x-amz-bucket-region"
_ERROR_STATUS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the account answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity:
    """Who reads, and which account."""

    account: str
    arn: str
    partition: str = "aws"


class UnreachableError(Exception):
    """The account gave no answer: no such endpoint, no network."""


class Pace:
    """How fast a service in a region is asked: slower after each refusal, then faster again. Safe between threads.

    Args:
        clock: Seconds.
        sleep: Waits so many.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0.0
        self.interval = 0.0

    def wait(self) -> None:
        """Wait for this call's turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self.interval
        if turn > now:
            self._sleep(turn - now)

    def throttled(self, attempt: int) -> None:
        """The account asked for patience: everybody goes slower, and this call waits."""
        with self._lock:
            self.interval = min(_SLOWEST, max(_FIRST_PAUSE, self.interval * 2))
        self._sleep(min(_LONGEST_PAUSE, 0.5 * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    def answered(self) -> None:
        """It answered."""
        with self._lock:
            self.interval = self.interval * _EASE if self.interval > _FIRST_PAUSE / 10 else 0.0


class Upstream:
    """A live account, or what plays one.

    Args:
        profile: Of the AWS configuration; empty for the default chain.
        endpoint: Instead of AWS's endpoints: where an engine that plays the account listens.
    """

    def __init__(self, profile: str = "", *, endpoint: str = "", pace: Callable[[], Pace] = Pace) -> None:
        self._profile = profile
        self._endpoint = endpoint
        self._new_pace = pace
        self._http = URLLib3Session(max_pool_connections=_CONNECTIONS, timeout=_TIMEOUT)
        self._endpoints: dict[tuple[str, str], str] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._buckets: dict[str, str] = {}
        self._lock = threading.Lock()

    @cached_property
    def session(self) -> Any:
        """The profile's session.

        Raises:
            ConfigurationError: there is no such profile.
        """
        session = botocore.session.Session(profile=self._profile or None)
        try:
            session.get_scoped_config()
        except BotoCoreError as error:
            raise ConfigurationError(
                f"The AWS profile {self._profile!r} could not be used: {error}.",
                hint="`aws configure list-profiles` shows the profiles there are.",
            ) from error
        return session

    @cached_property
    def credentials(self) -> Any:
        """The profile's credentials, which renew themselves.

        Raises:
            ConfigurationError: there are none.
        """
        try:
            found = self.session.get_credentials()
        except BotoCoreError as error:
            raise _no_credentials(self._profile, str(error)) from error
        if found is None:
            raise _no_credentials(self._profile, "none were found")
        return found

    @property
    def region(self) -> str:
        """The profile's region; empty where it has none."""
        return str(self.session.get_config_variable("region") or "")

    def identity(self) -> AccountIdentity:
        """Ask STS who reads. The one call that is not made through the forwarder.

        Raises:
            ConfigurationError: the credentials are not accepted.
            SandtableError: STS gave no answer.
        """
        self.credentials  # noqa: B018 - its error says more than the client's
        client = self._client("sts", self.region or "us-east-1")
        try:
            answer = client.get_caller_identity()
        except ClientError as error:
            raise ConfigurationError(
                f"AWS does not accept the credentials: {error.response.get('Error', {}).get('Code', 'no reason')}.",
                hint="Log in again (`aws sso login`), or choose another profile: --target aws:PROFILE.",
            ) from error
        except BotoCoreError as error:
            raise _no_answer(str(error)) from error
        arn = str(answer.get("Arn", ""))
        return AccountIdentity(
            account=str(answer["Account"]), arn=arn, partition=(arn.split(":") + [""] * 2)[1] or "aws"
        )

    def regions_of(self, service: str) -> frozenset[str]:
        """Where AWS offers a service, as far as botocore knows; nothing where it does not know."""
        return frozenset(self.session.get_available_regions(service))

    def send(self, request: Request, *, service: str, signing_name: str, region: str) -> Answer:
        """Sign a call anew and make it, as often as it takes.

        Raises:
            UnreachableError: no answer came.
        """
        pace = self._pace(service, region)
        bucket = request.path.split("/")[1].partition("?")[0] if service == "s3" else ""
        region = self._buckets.get(bucket, region)
        for attempt in range(1, _ATTEMPTS + 1):
            pace.wait()
            answer = self._once(request, service=service, signing_name=signing_name, region=region, attempt=attempt)
            elsewhere = _elsewhere(answer, region) if bucket else ""
            if elsewhere:
                region = self._buckets[bucket] = elsewhere
            elif _is_throttled(answer) and attempt < _ATTEMPTS:
                pace.throttled(attempt)
            elif answer.status not in _TRANSIENT_STATUS or attempt >= _TRANSIENT_ATTEMPTS:
                pace.answered()
                return answer
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _once(self, request: Request, *, service: str, signing_name: str, region: str, attempt: int) -> Answer:
        base = self._endpoint_of(service, region)
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
        signed = AWSRequest(method=request.method, url=base + request.target, data=request.body, headers=headers)
        signer = S3SigV4Auth if signing_name in {"s3", "s3express"} else SigV4Auth
        signer(self.credentials.get_frozen_credentials(), signing_name, region).add_auth(signed)
        try:
            response = self._http.send(signed.prepare())
        except BotoCoreError as error:
            raise UnreachableError(type(error).__name__) from error
        return Answer(
            status=int(response.status_code),
            headers=tuple((str(name), str(value)) for name, value in response.headers.items()),
            body=bytes(response.content),
            attempts=attempt,
        )

    def _endpoint_of(self, service: str, region: str) -> str:
        key = (service, region)
        with self._lock:
            if key not in self._endpoints:
                url = self._endpoint or str(self._client(service, region).meta.endpoint_url)
                parts = urlsplit(url)
                self._endpoints[key] = f"{parts.scheme}://{parts.netloc}"
            return self._endpoints[key]

    def _pace(self, service: str, region: str) -> Pace:
        with self._lock:
            return self._paces.setdefault((service, region), self._new_pace())

    def _client(self, service: str, region: str) -> Any:
        try:
            return self.session.create_client(
                service,
                region_name=region,
                endpoint_url=self._endpoint or None,
                config=Config(retries={"mode": "standard", "total_max_attempts": 5}, s3={"addressing_style": "path"}),
            )
        except (BotoCoreError, ValueError) as error:
            raise UnreachableError(str(error)) from error


def _is_throttled(answer: Answer) -> bool:
    return answer.status in _THROTTLED_STATUS and (answer.status == 429 or bool(_THROTTLED.search(answer.body[:4096])))  # noqa: PLR2004 - HTTP's number


def _elsewhere(answer: Answer, region: str) -> str:
    """The region that S3 says a bucket is in, where it is not this one."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers}
    told = headers.get(_BUCKET_REGION, "")
    return told if answer.status >= _ERROR_STATUS and told and told != region else ""


def _no_credentials(profile: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"There are no credentials for the AWS profile {profile or 'default'!r}: {why}.",
        hint="Log in (`aws sso login`, `aws configure`), or choose a profile: --target aws:PROFILE.",
    )


def _no_answer(why: str) -> SandtableError:
    return SandtableError(
        f"AWS gave no answer: {why}.", hint="Check the network, the profile's region and its endpoint_url."
    )
