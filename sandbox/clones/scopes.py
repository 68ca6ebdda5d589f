"""Where a clone's resources are: what its inventory has to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.cloning.placement import places
from sandbox.cloning.subjects import is_aws
from sandbox.cloning.tfstate import State
from sandbox.inventory.accounts import account_of
from sandbox.inventory.scope import Scope
from sandbox.inventory.terraform_services import service_of
from sandbox.place import Place
from sandbox.recorder import recorder


class CalledScopes:
    """The scopes of recorded calls; remembers whose an access key is.

    Args:
        endpoint: The engine's own.
        account: Of callers whose access key id does not tell theirs, where the engine does not know either.
    """

    def __init__(self, endpoint: str, *, account: str) -> None:
        self._endpoint = endpoint
        self._default = account
        self._accounts: dict[str, str] = {}

    def of(self, called: Iterable[recorder.Scope]) -> Iterator[Scope]:
        """The same scopes, with their accounts."""
        for scope in called:
            yield Scope(
                service=scope.service,
                region=scope.region,
                access_key_id=scope.access_key_id,
                account=self._account_of(scope.access_key_id),
            )

    def _account_of(self, access_key_id: str) -> str:
        if access_key_id.isdigit():
            return access_key_id
        # Credentials of an assumed role: the engine knows whose they are.
        if access_key_id not in self._accounts:
            found = account_of(self._endpoint, access_key_id) if access_key_id else ""
            self._accounts[access_key_id] = found or self._default
        return self._accounts[access_key_id]


def scopes_of(state: State, default: Place) -> frozenset[Scope]:
    """Where the objects of a state are."""
    instances = [each for each in state.instances if is_aws(each)]
    placed = places(instances, default)
    return frozenset(
        Scope(service=service_of(each.type), region=place.region, access_key_id=place.account, account=place.account)
        for each in instances
        for place in (placed[each.provider],)
    )
