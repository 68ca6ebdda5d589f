"""The kinds of change that can be rehearsed, each as what the loop asks of it."""
