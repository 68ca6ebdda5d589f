"""Whether a command of the AWS CLI changes anything.

Its commands are the operations of botocore's models, in another spelling, and some of its own. What reads is listed in
`aws_reads.txt`, made from the same knowledge by which the recorder tells reads from writes (`gate/hook/table.py`); what
is not listed counts as a write. Options: https://docs.aws.amazon.com/cli/latest/reference/
"""

from __future__ import annotations

import os.path
from itertools import pairwise

from gate.hook.programs import Effect
from gate.hook.words import HOLE

TABLE = os.path.join(os.path.dirname(__file__), "aws_reads.txt")

_VALUED = frozenset(
    {
        "--region",
        "--profile",
        "--output",
        "--endpoint-url",
        "--query",
        "--color",
        "--ca-bundle",
        "--cli-read-timeout",
        "--cli-connect-timeout",
        "--cli-binary-format",
        "--cli-error-format",
    }
)
_NAMES = {"s3api": "s3", "deploy": "codedeploy", "configservice": "config"}
"""The CLI's names of services where they are not botocore's (awscli/customizations)."""

_OWN_READS = frozenset(
    """
    help configure login logout sso history wizard
    ecr:get-login-password ecr:get-login ecr-public:get-login-password eks:update-kubeconfig eks:get-token logs:tail
    codeartifact:login rds:generate-db-auth-token dsql:generate-db-connect-auth-token cloudfront:sign s3:ls s3:presign
    iot:describe-endpoint cloudtrail:validate-logs ssm:help
    """.split()  # noqa: SIM905 - a word list reads best as words
)
"""Commands that are the CLI's own and change no infrastructure."""
_LOCAL = ("http://localhost", "http://127.0.0.1", "https://localhost", "https://127.0.0.1", "http://[::1]")
_ONLY_SHOWS = frozenset({"--generate-cli-skeleton"})


def effect_of(arguments: tuple[str, ...]) -> Effect:
    """What `aws` with these arguments does."""
    if _goes_elsewhere(arguments) or any(word.partition("=")[0] in _ONLY_SHOWS for word in arguments):
        return Effect.READ
    words = _positional(arguments)
    if not words or words[0] in _OWN_READS or words[-1] == "help" or "--version" in arguments[:1]:
        return Effect.READ
    service, operation = words[0], words[1] if len(words) > 1 else "help"
    if operation == "wait" or f"{service}:{operation}" in _OWN_READS:
        return Effect.READ
    if service == "s3":
        return _high_level_s3(operation, words[2:], arguments)
    if service == "ec2" and "--dry-run" in arguments and "--no-dry-run" not in arguments:
        return Effect.READ
    return _by_table(service, operation)


def _by_table(service: str, operation: str) -> Effect:
    if HOLE in operation:
        return Effect.UNCLEAR
    if HOLE in service:
        return Effect.READ if operation.startswith(("describe-", "list-")) else Effect.UNCLEAR
    return Effect.READ if operation in _reads(_NAMES.get(service, service)) else Effect.CHANGE


def _high_level_s3(command: str, places: list[str], arguments: tuple[str, ...]) -> Effect:
    """`aws s3 cp|sync|mv|rm|…`: copying out of a bucket reads."""
    if HOLE in command:
        return Effect.UNCLEAR
    if "--dryrun" in arguments:
        return Effect.READ
    if command in {"cp", "sync"} and len(places) > 1:
        if places[1].startswith("s3://"):
            return Effect.CHANGE
        return Effect.UNCLEAR if HOLE in places[1][:1] else Effect.READ
    return Effect.CHANGE


def _positional(arguments: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument.startswith("--"):
            skip = argument in _VALUED
        else:
            found.append(argument)
    return found


def _goes_elsewhere(arguments: tuple[str, ...]) -> bool:
    """An emulator on this machine is nobody's production."""
    urls = [argument.partition("=")[2] for argument in arguments if argument.startswith("--endpoint-url=")]
    urls += [value for name, value in pairwise(arguments) if name == "--endpoint-url"]
    return bool(urls) and all(_is_local(url) for url in urls)


def _is_local(url: str) -> bool:
    return any(url == place or url.startswith((f"{place}:", f"{place}/")) for place in _LOCAL) and "@" not in url


def _reads(service: str) -> frozenset[str]:
    with open(TABLE, encoding="utf-8") as file:
        for line in file:
            name, _, operations = line.partition(" ")
            if name == service:
                return frozenset(operations.split())
    return frozenset()
