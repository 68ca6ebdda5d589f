"""What the replayed change may touch: every command of it runs enclosed by one of the backends here."""
