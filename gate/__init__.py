"""Judge and tell: policy, verdict, reports, and the front doors (command line, Python API)."""
