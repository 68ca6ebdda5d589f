"""moto (https://github.com/getmoto/moto), the second opinion: stricter on some validation, and well known."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sandbox.engines.process import start_child
from sandbox.errors import MissingToolError
from sandbox.ports import RunningEngine
from sandbox.rehearsal import EngineInfo

_SERVER_NEEDS = ("moto", "flask", "flask_cors", "werkzeug")


class MotoEngine:
    """Starts moto clones; satisfies `sandbox.ports.Engine`. A 12-digit access key id is the account."""

    starts_with_images = True

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        return "moto"

    @contextmanager
    def start(self, scratch: Path, *, public_port: int, images: bytes = b"") -> Iterator[RunningEngine]:
        """Start an empty clone; see `sandbox.ports.Engine.start`, and for the images `sandbox.cloning.engine`."""
        missing = [package for package in _SERVER_NEEDS if importlib.util.find_spec(package) is None]
        if missing:
            raise MissingToolError(
                f"The engine moto is not installed, or not as a server (missing: {', '.join(missing)}).",
                hint="Install it: pip install 'sandtable[moto]'",
            )
        with start_child(
            "sandbox.engines.moto_server",
            info=EngineInfo(name=self.name, version=version("moto")),
            scratch=scratch,
            public_port=public_port,
            settings={
                "MOTO_PORT": str(public_port),
                # Without these, attaching any policy of AWS's own fails.
                "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
                **({"MOTO_AMIS_PATH": str(_stock(scratch, images))} if images else {}),
            },
        ) as engine:
            yield engine


def _stock(scratch: Path, images: bytes) -> Path:
    """Write the file of machine images that moto starts with: its own, and these."""
    from moto.utilities.utils import load_resource  # noqa: PLC0415 - may not be installed

    own = load_resource("ec2/resources/amis.json")
    ours = [_image(each) for each in json.loads(images)["images"]]
    path = scratch / "images.json"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps([*own, *ours]), encoding="utf-8")
    return path


def _image(image: Mapping[str, Any]) -> Mapping[str, Any]:
    """A machine image in moto's own form."""
    return {
        "ami_id": image["id"],
        "name": image["name"],
        "description": image["description"],
        "platform": image["platform"] or None,
        "owner_id": image["owner"] or "801119661308",
        "image_location": f"amazon/{image['name']}",
        "root_device_name": image["root_device"],
        "root_device_type": "ebs",
        "architecture": "x86_64",
        "virtualization_type": "hvm",
        "hypervisor": "xen",
        "image_type": "machine",
        "public": True,
        "sriov": "simple",
        "state": "available",
    }
