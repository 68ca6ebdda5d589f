"""An engine that somebody else runs (``--engine endpoint:URL``): nothing is started, and nothing ended.

Before anything is written, the other side must have shown that it is an emulator: it takes a signature that nobody
made, and either takes an access key for an account, or answers for a made-up account, or under an emulator's own path.
A proxy that signs calls anew and passes them on to AWS does none of the last three.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localstack_client import config as localstack

from sandbox.engines.address import EndpointAddress, parse_url, vet
from sandbox.engines.census import Census, take_census
from sandbox.engines.probe import DEFAULT_ACCOUNT, Answer, ask, exchange
from sandbox.errors import EngineError, UsageError
from sandbox.rehearsal import EngineInfo

LOCALSTACK = "localstack"
_MADE_UP_ACCOUNTS = frozenset({DEFAULT_ACCOUNT, "000000000000", "111111111111"})
"""What emulators call the account when nobody tells them (LocalStack and floci; moto and fakecloud)."""
_CHECKS_CREDENTIALS = frozenset(
    {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "ExpiredToken", "AccessDenied"}
)
_OK = range(200, 300)
_TIMEOUT = 5.0
_RESET_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """How one emulator is known, and emptied."""

    name: str
    health: str
    reset: str
    """POST to this path."""


EMULATORS = (
    # MiniStack answers LocalStack's path too, so it comes first.
    Emulator(name="MiniStack", health="/_ministack/health", reset="/_ministack/reset"),
    Emulator(name="moto", health="/moto-api/", reset="/moto-api/reset"),
    Emulator(name="fakecloud", health="/_fakecloud/health", reset="/_reset"),
    Emulator(name="LocalStack", health="/_localstack/health", reset="/_localstack/state/reset"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedEngine:
    """Somebody's engine; satisfies `sandbox.ports.RunningEngine`."""

    endpoint: str
    info: EngineInfo
    notices: tuple[str, ...] = ()

    def alive(self) -> bool:
        """Whether it still answers."""
        return bool(ask(self.endpoint, timeout=_TIMEOUT).account)

    def log_tail(self, lines: int = 20) -> str:  # noqa: ARG002 - the protocol's
        """Say where the log is not."""
        return f"(what runs at {self.endpoint} keeps its log itself)"


class EndpointEngine:
    """Attaches to an engine; satisfies `sandbox.ports.Engine`.

    Args:
        url: Where it is; ``localstack`` for where LocalStack's own tools look for it.
        named_hosts: Hosts beside the loopback interface that the user allows.
        reset: The user asked to have it emptied before each rehearsal.
        account: The account of the rehearsal, for counting what is there.
        region: Its region.

    Raises:
        UsageError: it is no URL of an engine.
    """

    def __init__(
        self,
        url: str,
        *,
        environment: Mapping[str, str],
        named_hosts: Collection[str] = (),
        reset: bool = False,
        account: str = DEFAULT_ACCOUNT,
        region: str = "us-east-1",
    ) -> None:
        self._url = localstack_url(environment) if url == LOCALSTACK else url.rstrip("/")
        # Before anything is shown of it: it may hold a password.
        parse_url(self._url)
        self._named_hosts = named_hosts
        self._reset = reset
        self._account = account
        self._region = region
        self._started = False

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        return f"endpoint:{self._url}"

    @contextmanager
    def start(self, scratch: Path, *, public_port: int) -> Iterator[AttachedEngine]:  # noqa: ARG002 - the protocol's
        """Attach; see `sandbox.ports.Engine.start`.

        Raises:
            UsageError: what is there may be real AWS.
            EngineError: nothing answers there, or it is not an AWS engine; or it would have to be empty once more.
        """
        address = vet(self._url, named_hosts=self._named_hosts)
        answer = _identify(address)
        emulator = _emulator(address.url)
        _refuse_real_accounts(address, answer, emulator)
        if self._started and not self._reset:
            raise EngineError(
                f"The engine at {address.shown} would have to be empty for a second try, and is somebody else's.",
                hint="Run with --real-time, which needs one try only; or with --reset-endpoint, which empties it.",
            )
        self._started = True
        if self._reset:
            _empty(address, emulator)
        census = take_census(address.url, account=self._account, region=self._region)
        yield AttachedEngine(
            endpoint=address.url,
            info=EngineInfo(name=self.name, version=emulator.name if emulator else "unknown"),
            notices=(_shared(address, census, emptied=self._reset), *_accounts(address, answer)),
        )


def localstack_url(environment: Mapping[str, str]) -> str:
    """Where LocalStack's own clients look for it (LOCALSTACK_HOST, EDGE_PORT, USE_SSL).

    Only the address is taken from its client: its sessions follow AWS_ENDPOINT_URL, wherever that leads.
    """
    usual = f"localhost:{environment.get('EDGE_PORT', '') or localstack.DEFAULT_EDGE_PORT}"
    try:
        host, port = localstack.parse_localstack_host(environment.get("LOCALSTACK_HOST", "") or usual)
    except RuntimeError as error:
        raise UsageError(f"LOCALSTACK_HOST is not valid: {error}.", hint="An example: localhost:4566") from error
    scheme = "https" if environment.get("USE_SSL", "") in {"1", "true"} else "http"
    return f"{scheme}://{host}:{port}"


def _identify(address: EndpointAddress) -> Answer:
    answer = ask(address.url, timeout=_TIMEOUT)
    if answer.account:
        return answer
    if answer.code in _CHECKS_CREDENTIALS:
        raise UsageError(
            f"The engine at {address.shown} checks credentials ({answer.code}): it may be real AWS.",
            hint="Name an emulator that takes any credentials, or switch its checks off.",
        )
    what = f"HTTP {answer.status} instead of an account" if answer.status else answer.problem
    raise EngineError(
        f"Nothing at {address.shown} answers STS GetCallerIdentity as an AWS engine does: {what}.",
        hint="Start the engine, or check the URL after endpoint:.",
    )


def _emulator(url: str) -> Emulator | None:
    """Which emulator it is, by the paths of its own."""
    return next((row for row in EMULATORS if exchange(url, "GET", row.health, timeout=_TIMEOUT)[0] in _OK), None)


def _refuse_real_accounts(address: EndpointAddress, answer: Answer, emulator: Emulator | None) -> None:
    if emulator is not None or answer.account in _MADE_UP_ACCOUNTS or _takes_keys_for_accounts(address.url):
        return
    raise UsageError(
        f"The engine at {address.shown} answers for the account {answer.account} whoever asks, and under no path of "
        "an emulator that this tool knows: it may pass calls on to AWS.",
        hint="Have the emulator answer for 000000000000 or 123456789012, or take a 12-digit access key for an account.",
    )


def _takes_keys_for_accounts(url: str) -> bool:
    made_up = f"9{secrets.randbelow(10**11):011d}"
    return ask(url, access_key_id=made_up, timeout=_TIMEOUT).account == made_up


def _empty(address: EndpointAddress, emulator: Emulator | None) -> None:
    if emulator is None:
        raise EngineError(
            f"How the engine at {address.shown} is emptied is not known.",
            hint="Empty it yourself, and leave --reset-endpoint out.",
        )
    status, _, problem = exchange(address.url, "POST", emulator.reset, timeout=_RESET_TIMEOUT)
    if status not in _OK:
        raise EngineError(
            f"The engine at {address.shown} could not be emptied: {problem or f'HTTP {status}'} at {emulator.reset}.",
            hint="Empty it yourself, and leave --reset-endpoint out.",
        )


def _shared(address: EndpointAddress, census: Census, *, emptied: bool) -> str:
    if emptied and not census.held:
        before = "it was emptied before the rehearsal"
    elif census.held:
        before = f"it held resources before the rehearsal ({census}), which count as part of the clone"
    else:
        before = "nothing was found in it before the rehearsal"
    silent = f" ({', '.join(census.silent)} did not say)" if census.silent else ""
    return (
        f"The engine at {address.shown} is shared: {before}{silent}; what others do in it meanwhile counts as this "
        "change's, and what the rehearsal makes stays in it."
    )


def _accounts(address: EndpointAddress, answer: Answer) -> tuple[str, ...]:
    if _takes_keys_for_accounts(address.url):
        return ()
    return (f"The engine has one account for everybody, {answer.account}: changes across accounts meet in it.",)
