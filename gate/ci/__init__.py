"""The gate in a pipeline: which roots a change touches, each rehearsed against the base branch, the verdicts joined."""
