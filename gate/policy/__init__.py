"""From a StateDiff to findings."""
