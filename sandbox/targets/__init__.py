"""Where the environment before the change comes from."""
