"""The pages of the rules and of the policy say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.callers import GATE_CHANGED
from gate.ci.pipeline import PIPELINE
from gate.cli.main import run
from gate.policy.config import KEYS_OF_FILE, MATCH, parse_policy
from gate.policy.evaluate import RULES
from gate.policy.levels import EXACT, FIXED, LEVELS, NOT_LOWERED
from gate.policy.pages import PAGES, texts
from gate.policy.rule import Unrehearsed
from gate.policy.sections import BUDGETS, CAPS, PROTECTED, SCOPE, WAIVER
from gate.policy.settings import Preset, Whereabouts
from gate.policy_source import POLICY_CHANGED
from gate.rego import REGO
from gate.scenarios import scenarios
from gate.secondopinion import NAME as SECOND_OPINION

DOCS = Path(__file__).parents[2] / "docs"
MAIN_LEVELS = {name: page.level.partition(" ")[0] for name, page in PAGES.items()} | {
    POLICY_CHANGED: "review",
    GATE_CHANGED: "review",
    PIPELINE: "review",
    REGO: "reject",
    SECOND_OPINION: "review",
}
UNSHOWN = {
    "cap-exceeded": "shown by tests of the policy: it speaks of what a team's own policy sets",
    "code-at-plan": "the provider of external data is none of those that the suite has",
    "earlier-preparation": "shown by a test of two rehearsals, one after the other",
    "gap": "shown by tests of the witnesses: what an engine lacks changes with the engine",
    "protected": "as cap-exceeded",
    "unrehearsed": "shown by tests of the review of plans: a rehearsal never raises it",
    "waiver": "as cap-exceeded",
}
"""Rules without a scenario, and why."""


def page(rule: str) -> str:
    return (DOCS / "rules" / f"{rule}.md").read_text(encoding="utf-8")


def test_there_is_a_page_for_every_rule_and_for_nothing_else() -> None:
    assert (
        {path.stem for path in (DOCS / "rules").glob("*.md")}
        == set(RULES) | {POLICY_CHANGED, GATE_CHANGED, PIPELINE, REGO, SECOND_OPINION}
        == set(MAIN_LEVELS)
    )


@pytest.mark.parametrize("rule", MAIN_LEVELS)
def test_a_page_names_its_rule_and_its_level(rule: str) -> None:
    text = page(rule)
    assert MAIN_LEVELS[rule] in LEVELS
    assert text.startswith(f"# {rule}\n\n**Level:** {MAIN_LEVELS[rule]}")
    assert ("a policy cannot lower it" in text) == (rule in NOT_LOWERED)
    assert "**Why.**" in text


@pytest.mark.parametrize("rule", PAGES)
def test_a_page_is_what_its_rule_says_of_itself(rule: str) -> None:
    assert page(rule) == texts()[rule], "make docs writes it anew"


@pytest.mark.parametrize("rule", PAGES)
def test_a_rule_objects_in_its_scenarios_and_in_none_of_those_close_by(rule: str) -> None:
    known = {item.name: item.expect for item in scenarios()}
    assert bool(PAGES[rule].catches) != (rule in UNSHOWN)
    for name in PAGES[rule].catches:
        assert rule in known[name].findings, name
    for name in PAGES[rule].spares:
        assert rule not in known[name].findings, name


@pytest.mark.parametrize("rule", MAIN_LEVELS)
def test_every_scenario_that_a_page_names_exists(rule: str) -> None:
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page(rule))
    unknown = set(named) - {item.name for item in scenarios()} - set(MAIN_LEVELS) - {"local-exec", *Unrehearsed}
    assert unknown == set()


@pytest.mark.parametrize("rule", MAIN_LEVELS)
def test_every_link_of_a_page_leads_somewhere(rule: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page(rule)):
        assert (DOCS / "rules" / target).exists(), target


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda item: item.name)
def test_every_rule_that_a_scenario_names_exists(scenario: object) -> None:
    assert set(scenario.expect.findings) <= RULES.keys()


def test_the_page_of_the_policy_names_every_key_level_and_limit() -> None:
    text = (DOCS / "policy.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)
    assert sorted(told) == sorted(KEYS_OF_FILE)
    keys = (*CAPS, *BUDGETS, *SCOPE, *PROTECTED, *MATCH, *Preset, *WAIVER)
    for word in (*Unrehearsed, *LEVELS, *(f"`{name}`" for name in (*NOT_LOWERED, *FIXED, *EXACT, *keys))):
        assert word in text, word


def policy_shown() -> str:
    [example] = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy.md").read_text(encoding="utf-8"), re.DOTALL)
    return str(example)


def test_the_policy_that_the_page_shows_is_valid() -> None:
    policy = parse_policy(policy_shown(), name="docs/policy.md", place=Whereabouts(workspace="prod"))
    assert policy.levels
    assert policy.bookkeeping
    assert policy.settings.environment == "production"


def test_the_policy_that_init_prints_is_valid_with_and_without_its_comments(capsys: pytest.CaptureFixture[str]) -> None:
    for preset in Preset:
        assert run(["policy", "init", "--preset", preset.value]) == 0
        printed = capsys.readouterr().out
        assert parse_policy(printed, name="p").settings.preset is preset
        head, _, rest = printed.partition("# rules:")
        whole = head + "rules:" + re.sub(r"^# ", "", rest, flags=re.MULTILINE)
        policy = parse_policy(whole, name="p", environment="production")
        assert policy.settings.waivers
