"""What changed between two observations of an environment. Pure: no I/O, no clock, no network, no subprocess."""
