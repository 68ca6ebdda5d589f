"""What AWS refuses and engines consent to: rows of data, asked before a call reaches the engine."""
