"""Standing clones: made from a target, or brought back from what an earlier one has left."""
