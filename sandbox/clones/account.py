"""The clone of a live account: read into a Terraform state, and made from that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffing.change import Action
from diffing.snapshot import Snapshot
from sandbox.clones.clone import Clone, ServiceGap
from sandbox.clones.engine import seedable_engine
from sandbox.clones.stated import stand_up_stated
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.tfstate import parse_state
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope
from sandbox.inventory.terraform_services import service_of
from sandbox.live.account import known_services
from sandbox.rehearsal import ApiCall, CallKind, Gap, GapKind, Plan
from sandbox.session import Session
from sandbox.targets.target import LiveTarget
from sandbox.witnesses.calls import CHANGE_PHASES

if TYPE_CHECKING:  # HTTP and gRPC take their time to import, and only a live account needs them
    from sandbox.live.gaps import Absence
    from sandbox.live.reading import AccountReading

_REMOVALS = ("Delete", "Terminate", "Remove", "Detach", "Disassociate", "Deregister", "Revoke", "Release", "Disable")
_FOLDER = "readings"


class Account:
    """A live account, which is read once, however often a clone of it is made.

    Args:
        target: Which, and how much of it.
    """

    def __init__(self, target: LiveTarget) -> None:
        self.target = target
        self._reading: AccountReading | None = None

    def reading(self, session: Session, versions: str) -> AccountReading:
        """Read it, the first time.

        Raises:
            SandtableError: it cannot be read; the subclasses say why.
        """
        from sandbox.live.reading import read_account  # noqa: PLC0415 - see above

        if self._reading is None:
            with session.watch.phase("read: account"), session.watch.waiting():
                self._reading = read_account(
                    self.target,
                    tools=replace(session.toolchain, provider_version=versions),
                    scratch=session.scratch / "account",
                    progress=session.progress,
                    given=_given(session, self.target),
                    resume=_resume(session, self.target),
                )
        return self._reading


@contextmanager
def stand_up_account(account: Account, session: Session, *, versions: str) -> Iterator[Clone]:
    """Bring up a clone of a live account; see `sandbox.clones.standup.stand_up`."""
    reading = account.reading(session, versions)
    with stand_up_stated(parse_state(reading.state), session, versions=versions) as clone:
        ledger = clone.ledger or Ledger(entries=())
        yield replace(
            clone,
            # No configuration has the addresses that were made up here, so no change is planned with this state (the
            # reviewer asks for another); it tells what things are called, and which of them hold secrets.
            lineage=None,
            ledger=_ledger(ledger, reading.unknown),
            service_gaps=(*map(_absent, reading.gaps), *map(_not_cloned, ledger.gaps)),
        )


def mattering(gaps: Iterable[ServiceGap], calls: Iterable[ApiCall], plan: Plan) -> tuple[Gap, ...]:
    """The gaps, with whether each could hide what the change does.

    It could where the change works on the service, or announces something for the very resource, and wherever the
    change removes something: what was not read may depend on that.
    """
    announced = {each.address for each in plan.changes if each.action is not Action.NO_OP}
    made = [call for call in calls if call.phase in CHANGE_PHASES]
    touched = {call.service for call in made}
    removes = any(call.kind is not CallKind.READ and call.operation.startswith(_REMOVALS) for call in made)
    return tuple(
        replace(
            each.gap,
            blocking=each.gap.blocking
            and (removes or not each.service or each.service in touched or each.address in announced),
        )
        for each in gaps
    )


def _given(session: Session, target: LiveTarget) -> Snapshot:
    """What the engine has by itself."""
    account, region = session.place.account, session.place.region
    scopes = [
        Scope(service=service, region=each, access_key_id=account, account=account)
        for service in target.services or known_services()
        for each in target.regions or (region,)
    ]
    folder = session.scratch / "fresh"
    with seedable_engine(session).start(folder, public_port=session.recorder.port) as running:
        return take_snapshot(running.endpoint, scopes)


def _resume(session: Session, target: LiveTarget) -> Path | None:
    return None if session.cache is None else session.cache / _FOLDER / (target.profile or "default").replace("/", "_")


def _absent(absence: Absence) -> ServiceGap:
    return ServiceGap(service=absence.service, gap=absence.as_gap())


def _not_cloned(entry: Entry) -> ServiceGap:
    gap = Gap(kind=GapKind.NOT_CLONED, subject=entry.address, reason=entry.reason)
    return ServiceGap(service=service_of(entry.type), gap=gap)


def _ledger(ledger: Ledger, unknown: Mapping[str, tuple[str, ...]]) -> Ledger:
    """Without what is told service by service, and with the placeholders of the reading."""
    entries = (each for each in ledger.entries if each.standing is not Standing.GAP)
    return replace(
        ledger,
        entries=tuple(
            replace(each, unknown=tuple(dict.fromkeys((*each.unknown, *unknown.get(each.address, ())))))
            for each in entries
        ),
    )
