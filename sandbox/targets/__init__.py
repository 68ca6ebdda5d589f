"""What the clone is made from: parsing ``--target``, and making its configuration available as a folder."""

from sandbox.targets.materialise import materialise, read_text
from sandbox.targets.target import ConfigTarget, EmptyTarget, GitTarget, Target, parse_target

__all__ = ["ConfigTarget", "EmptyTarget", "GitTarget", "Target", "materialise", "parse_target", "read_text"]
