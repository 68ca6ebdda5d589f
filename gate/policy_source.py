"""Which policy judges a change.

A policy that lies beside the change may have been written by whoever wrote the change. It counts in full where the
target holds the very same file. Where it differs, the change is judged by both, and the stricter verdict stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from diffing.change import Proof
from gate.policy.config import FILE_NAME, STRICT, parse_policy
from gate.policy.evaluate import evaluate, ranked
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level, Verdict, decide
from sandbox.errors import ConfigurationError
from sandbox.targets.materialise import read_text
from sandbox.targets.target import Target

POLICY_CHANGED = "policy-changed"
"""The name of the note where two policies decide differently; no rule of a policy, and not for one to change."""
MOST_BYTES = 400_000
"""As many as a policy of the longest allowed text can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy that was asked for, and the one that holds in the target where it differs."""

    asked: Policy
    standing: Policy | None = None

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge by the asked policy, and by the standing one where there is one: the stricter level of each finding."""
        verdict = evaluate(evidence, self.asked)
        if self.standing is None:
            return verdict
        standing = evaluate(evidence, self.standing)
        findings = ranked((*stricter(verdict.findings, standing.findings), *self._differs(verdict, standing)))
        return replace(verdict, decision=decide(findings), findings=findings)

    def _differs(self, verdict: Verdict, standing: Verdict) -> tuple[Finding, ...]:
        if verdict.decision is standing.decision:
            return ()
        return (
            Finding(
                rule=POLICY_CHANGED,
                level=Level.NOTE,
                address="",
                message=(
                    f"the policy beside the change says {verdict.decision.value}, "
                    f"the one that stands says {standing.decision.value}; the stricter one holds"
                ),
                proof=Proof.PROVED,
                remediation=f"Change {FILE_NAME} in a change of its own, or name it with --policy.",
            ),
        )


def find_policies(explicit: Path | None, *, change_dir: Path, target: Target) -> Policies:
    """Find the policy: `--policy`, else the file beside the change, else the built-in strict one.

    Raises:
        ConfigurationError: a policy file cannot be read or is not valid.
    """
    if explicit is not None:
        return Policies(asked=_read(explicit))
    standing_text = read_text(target, FILE_NAME, change_dir=change_dir)
    standing = STRICT if standing_text is None else parse_policy(standing_text, name=f"{FILE_NAME} of the target")
    beside = change_dir / FILE_NAME
    if not _is_there(beside):
        return Policies(asked=standing)
    if beside.is_symlink():
        raise ConfigurationError(
            f"The policy {beside} is a symbolic link.", hint="Put the file itself there, or name one with --policy."
        )
    asked = _read(beside)
    return Policies(asked=asked, standing=None if asked.digest == standing.digest else standing)


def stricter(asked: Iterable[Finding], standing: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join two judgements of the same evidence: every finding of either once, with the heavier level."""
    joined: dict[Finding, Finding] = {}
    for finding in (*asked, *standing):
        # But for the level, it is the same finding.
        key = replace(finding, level=Level.NOTE)
        if key not in joined or decide((joined[key], finding)) is not decide((joined[key],)):
            joined[key] = finding
    return tuple(joined.values())


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    return True


def _read(path: Path) -> Policy:
    try:
        if not path.is_file():
            # A pipe or a device would be waited for.
            raise _unreadable(path, "there is no such file" if not path.exists() else "it is not a regular file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise _unreadable(path, f"it is larger than {MOST_BYTES} bytes")
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    return parse_policy(text, name=str(path))


def _unreadable(path: Path, problem: object) -> ConfigurationError:
    return ConfigurationError(
        f"The policy {path} cannot be read: {problem}.", hint="Name a readable YAML file with --policy."
    )
