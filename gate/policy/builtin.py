"""What judges where there is no policy file. Apart from the reader of files, so that no plan has to wait for that."""

from __future__ import annotations

import hashlib

from gate.policy.rule import Policy

FILE_NAME = "sandtable.yaml"
STRICT = Policy(name="built-in strict", digest=hashlib.sha256(b"built-in strict 1").hexdigest())
