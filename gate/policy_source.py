"""Which policy judges a change.

A policy that lies beside the change may have been written by whoever wrote the change. It counts in full where the
target holds the very same file. Where it differs, the change is judged by both, and the stricter verdict stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from diffing.change import Proof
from gate.policy.config import FILE_NAME, STRICT, parse_policy
from gate.policy.evaluate import evaluate
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level, Verdict, decide
from sandbox.errors import ConfigurationError
from sandbox.targets.materialise import read_text
from sandbox.targets.target import Target

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy that was asked for, and the one that holds in the target where it differs."""

    asked: Policy
    standing: Policy | None = None

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge by the asked policy, and by the standing one where there is one: no finding of either is dropped."""
        verdict = evaluate(evidence, self.asked)
        if self.standing is None:
            return verdict
        standing = evaluate(evidence, self.standing)
        added = tuple(finding for finding in standing.findings if finding not in verdict.findings)
        findings = (*verdict.findings, *added, *self._differs(verdict, standing))
        return replace(verdict, decision=decide(findings), findings=findings)

    def _differs(self, verdict: Verdict, standing: Verdict) -> tuple[Finding, ...]:
        if verdict.decision is standing.decision:
            return ()
        return (
            Finding(
                rule="policy-changed",
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
    beside = change_dir / FILE_NAME
    standing_text = read_text(target, FILE_NAME, change_dir=change_dir)
    standing = STRICT if standing_text is None else parse_policy(standing_text, name=f"{FILE_NAME} of the target")
    if not beside.exists():
        return Policies(asked=standing)
    asked = _read(beside)
    return Policies(asked=asked, standing=None if asked.digest == standing.digest else standing)


def _read(path: Path) -> Policy:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(
                f"The policy {path} is larger than {MOST_BYTES} bytes.", hint="Is it the right file?"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The policy {path} cannot be read: {error}.", hint="Name a readable YAML file with --policy."
        ) from error
    return parse_policy(text, name=str(path))
