"""What judges where there is no policy file. Apart from the reader of files, so that no plan has to wait for that."""

from __future__ import annotations

from gate.policy.rule import Policy

FILE_NAME = "sandtable.yaml"
STRICT = Policy(name="built-in strict", digest="c7b8abed764298983b1d2222df90ef9aef0d8d11d44814ef8c5aa1b269dd0b4a")
"""Its digest is that of ``built-in strict 1`` (a test computes it): the library that does takes 3 ms to load."""
