"""Three witnesses of one change (the plan, the recorded calls, the clone's two snapshots) joined into one StateDiff."""
