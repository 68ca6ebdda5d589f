"""Ways to run a proposed change against a clone."""
