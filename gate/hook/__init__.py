"""Answers agents' hooks: may this shell command run?

Started before every command of an agent, so every millisecond counts: nothing here imports more than the shell's parser
(`dataclasses` alone takes as long as all of this; its records are named tuples), and nothing here starts a process.
"""
