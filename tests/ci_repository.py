"""Repositories for the tests of the gate in a pipeline."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "PATH": os.environ["PATH"],
}

QUEUE = """Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: jobs, DelaySeconds: %d}
"""
TABLE = """AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: %s
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
"""
"""Another name means another table."""


class Repository:
    """A repository with a branch `main` and, checked out, a branch `change`."""

    def __init__(self, top: Path, files: Mapping[str, str]) -> None:
        self.top = top
        top.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.commit(files)
        self.git("checkout", "-q", "-b", "change")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.top), *arguments]
        return subprocess.run(command, env=_ENVIRONMENT, capture_output=True, check=True, text=True).stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write, or with None remove, files, and return the commit's id."""
        for name, text in files.items():
            path = self.top / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def on_main(self, files: Mapping[str, str | None]) -> str:
        """As `commit`, on the base branch."""
        self.git("checkout", "-q", "main")
        commit = self.commit(files)
        self.git("checkout", "-q", "change")
        return commit

    def fetched(self) -> None:
        """Make the base branch known as a remote's, as a pipeline's checkout does."""
        self.git("update-ref", "refs/remotes/origin/main", "main")
