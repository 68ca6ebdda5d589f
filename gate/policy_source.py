"""Which policy judges a change.

A policy that lies beside the change may have been written by whoever wrote the change. It counts in full where the
target holds the very same file. Where it differs, the change is judged by both, and the stricter verdict stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from diffing.change import Proof
from gate.callers import edited_callers
from gate.policy.builtin import FILE_NAME, STRICT
from gate.policy.config import PolicyFile, read_policy
from gate.policy.evaluate import evaluate, ranked
from gate.policy.rule import Evidence, Policy
from gate.policy.rules import out_of_scope
from gate.policy.sections import Section
from gate.policy.settings import NOWHERE, Whereabouts
from gate.verdict import Decision, Finding, Level, Verdict, decide
from sandbox.errors import ConfigurationError, UsageError
from sandbox.targets.materialise import read_text
from sandbox.targets.target import ConfigTarget, GitTarget, StackTarget, Target

POLICY_CHANGED = "policy-changed"
"""The name of what is said where the policy itself is changed; no rule of a policy, and not for one to change."""
MOST_BYTES = 400_000
"""As many as a policy of the longest allowed text can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy that was asked for, and the one that holds in the target where it differs."""

    asked: Policy
    standing: Policy | None = None
    changed: tuple[Finding, ...] = ()
    """That the change edits the policy, or what calls the gate."""

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge by the asked policy, and by the standing one where there is one: the stricter level of each finding."""
        verdict = evaluate(evidence, self.asked)
        found: tuple[Finding, ...] = verdict.findings
        if self.standing is not None:
            standing = evaluate(evidence, self.standing)
            found = (*stricter(verdict.findings, standing.findings), *self._differs(verdict, standing))
        findings = ranked((*found, *self.changed))
        return replace(verdict, decision=decide(findings), findings=findings)

    def misplaced(self, place: Whereabouts) -> Verdict | None:
        """Judge the place alone, before anything is rehearsed; None where nothing there is a reason to reject."""
        policies = [policy for policy in (self.asked, self.standing) if policy is not None]
        found = {finding for policy in policies for finding in out_of_scope.misplaced(place, policy)}
        if decide(found) is not Decision.REJECT:
            return None
        return Verdict(
            decision=Decision.REJECT,
            findings=ranked((*found, *self.changed)),
            policy=self.asked.name,
            policy_digest=self.asked.digest,
        )

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What part of a policy is wanted."""

    place: Whereabouts = NOWHERE
    environment: str = ""

    def of(self, file: PolicyFile | None) -> Policy:
        """Take it out of a file, or the built-in policy where there is none.

        Raises:
            UsageError: an environment was named, and the policy has none of that name.
            ConfigurationError: the policy has environments, and it cannot be told which one this is.
        """
        if file is not None:
            return file.policy_for(self.place, environment=self.environment)
        if self.environment:
            raise UsageError(
                f"There is no environment {self.environment!r}: the built-in policy judges.",
                hint=f"Write the environment into a {FILE_NAME}, or leave --environment out.",
            )
        return STRICT


ALL = Wanted()
_KEYS = {"levels": "rules", "rows": "bookkeeping and stateful"}


def find_policies(explicit: Path | None, *, change_dir: Path, target: Target, wanted: Wanted = ALL) -> Policies:
    """Find the policy: `--policy`, else the file beside the change, else the built-in strict one.

    Raises:
        ConfigurationError: a policy file cannot be read or is not valid, or does not say what holds here.
        UsageError: the policy has no such environment.
    """
    callers = edited_callers(target, change_dir)
    if explicit is not None:
        return Policies(asked=wanted.of(read_file(explicit)), changed=callers)
    standing_text = read_text(target, FILE_NAME, change_dir=change_dir)
    standing = None if standing_text is None else read_policy(standing_text, name=f"{FILE_NAME} of the target")
    beside = change_dir / FILE_NAME
    if not _is_there(beside):
        return Policies(asked=wanted.of(standing), changed=(*callers, *_removed(standing, target)))
    if beside.is_symlink():
        raise ConfigurationError(
            f"The policy {beside} is a symbolic link.", hint="Put the file itself there, or name one with --policy."
        )
    asked = read_file(beside)
    if standing is not None and asked.digest == standing.digest:
        return Policies(asked=wanted.of(asked), changed=callers)
    return policies_of(asked, standing, wanted=wanted, changed=(*callers, *_edited(asked, standing, target)))


def policies_of(
    asked: PolicyFile | None, standing: PolicyFile | None, *, wanted: Wanted = ALL, changed: tuple[Finding, ...] = ()
) -> Policies:
    """Join the policy that a change brings along and the one that stands: it can tighten, and not loosen.

    Raises:
        ConfigurationError: a policy does not say what holds here.
        UsageError: the policy has no such environment.
    """
    if asked is None or (standing is not None and asked.digest == standing.digest):
        return Policies(asked=wanted.of(standing), changed=changed)
    return Policies(asked=wanted.of(asked), standing=_standing(standing, wanted), changed=changed)


def _standing(file: PolicyFile | None, wanted: Wanted) -> Policy:
    # The change may be the one that brings the environments.
    return wanted.of(file) if file is not None else STRICT


def _removed(standing: PolicyFile | None, target: Target) -> Iterator[Finding]:
    """In one repository, a file that is not there any more was taken away; two folders may be laid out differently."""
    if standing is not None and isinstance(target, GitTarget):
        yield policy_changed("the change removes the policy that the target has")


def _edited(asked: PolicyFile, standing: PolicyFile | None, target: Target) -> Iterator[Finding]:
    """Where the target has files, and its policy says something else."""
    if not isinstance(target, ConfigTarget | GitTarget | StackTarget):
        return
    if standing is None:
        yield policy_changed("the change brings a policy, and the target has none")
    elif (asked.base, asked.environments) != (standing.base, standing.environments):
        keys = [item.name for item in fields(asked.base) if _differ(asked.base, standing.base, item.name)]
        keys += ["environments"] if asked.environments != standing.environments else []
        told = ", ".join(_KEYS.get(key, key) for key in keys)
        yield policy_changed(f"the change edits the policy that judges it ({told})")


def _differ(asked: Section, standing: Section, name: str) -> bool:
    return bool(getattr(asked, name) != getattr(standing, name))


def policy_changed(text: str, *, address: str = FILE_NAME) -> Finding:
    """What is said of a change that edits the policy by which it is judged."""
    return Finding(
        rule=POLICY_CHANGED,
        level=Level.REVIEW,
        address=address,
        message=text,
        proof=Proof.PROVED,
        remediation=f"Change {FILE_NAME} in a change of its own, which a person approves.",
    )


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


def read_file(path: Path, *, name: str = "") -> PolicyFile:
    """Read a policy file.

    Args:
        path: Where it is.
        name: What to call it, if not by its path.

    Raises:
        ConfigurationError: it cannot be read, or is not valid.
    """
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
    return read_policy(text, name=name or str(path))


def _unreadable(path: Path, problem: object) -> ConfigurationError:
    return ConfigurationError(
        f"The policy {path} cannot be read: {problem}.", hint="Name a readable YAML file with --policy."
    )
