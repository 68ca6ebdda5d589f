"""Everything that it takes to bring a clone back: the engine's state, Terraform's, and what was measured of it.

An image has every secret of the target in it. It is held in memory, and written to a disk only encrypted
(`sandbox.clones.warm`) or without the secrets (`sandbox.clones.snapshotfile`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import msgspec

from sandbox.clones.clone import Lineage, ServiceGap
from sandbox.cloning.ledger import Ledger
from sandbox.cloudformation.application import Application, application_of
from sandbox.cloudformation.deployed import NOTHING, DeployedStack, Outside
from sandbox.inventory.scope import Scope
from sandbox.rehearsal import Gap

FORMAT = 4
"""Another number: what was kept before is not read any more."""
_PORT = re.compile(rb"127\.0\.0\.1:(\d{1,5})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A clone at rest."""

    engine: str
    """The engine's name: no other can start from it."""
    engine_version: str
    port: int
    """The loopback port that URLs in it name."""
    content: bytes = field(repr=False)
    """The engine's state, in its own form."""
    state: bytes = field(default=b"", repr=False)
    made_in: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    gaps: tuple[Gap, ...] = ()
    service_gaps: tuple[ServiceGap, ...] = ()
    ledger: Ledger | None = None
    lineage: Lineage | None = None
    recorded: bool = False
    """Changes are planned against its state as it was recorded: there is no noise."""
    noise: str | None = field(default=None, repr=False)
    """Terraform's JSON plan of the unchanged configuration; empty for one without changes, None where it was not
    measured."""
    stacks: tuple[DeployedStack, ...] = ()
    """The stacks that it was made from, without their secrets; only in snapshots."""
    outside: Outside = NOTHING
    """What those take from outside of themselves."""
    inventory: bytes = field(default=b"", repr=False)
    """What the AWS API showed of it (`diffing.codec`); only in snapshots."""
    redacted: bool = False
    """Placeholders stand for the secrets."""
    aws_provider: str = ""
    """The version of the AWS provider whose configuration made it; empty where none did."""

    @property
    def application(self) -> Application | None:
        """The stacks, worked out; None where it was made from none."""
        return application_of(self.stacks, self.outside) if self.stacks else None


def to_bytes(image: Image) -> bytes:
    """Write an image; the other way is `from_bytes`."""
    return msgspec.msgpack.encode(image)


def from_bytes(content: bytes) -> Image:
    """Read an image.

    Raises:
        ValueError: it is none.
    """
    return msgspec.msgpack.decode(content, type=Image)


def at_port(image: Image, port: int) -> Image:
    """Let the URLs in an image name another port of the loopback interface."""
    old, new = f"127.0.0.1:{image.port}".encode(), f"127.0.0.1:{port}".encode()

    def moved(content: bytes) -> bytes:
        return _PORT.sub(lambda match: new if match[0] == old else match[0], content)

    noise = image.noise if image.noise is None else moved(image.noise.encode()).decode()
    return replace(image, port=port, content=moved(image.content), state=moved(image.state), noise=noise)
