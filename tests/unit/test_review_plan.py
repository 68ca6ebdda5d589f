"""What a plan's word alone is enough for: it can reject, and approves what is harmless by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from review_plans_made import AWS, change, objections, reviewed, text, verdict

from diffing.change import Proof, Witness
from gate.report import brief, html, jsonfmt, markdown, sarif
from sandbox.errors import ConfigurationError

GOOGLE = "registry.terraform.io/hashicorp/google"
TABLE = {"id": "orders", "name": "orders", "deletion_protection_enabled": True}


def of_google(address: str, actions: str, before: Any = None, after: Any = None) -> dict[str, Any]:
    return change(address, actions, before, after, provider_name=GOOGLE)


@pytest.mark.parametrize("actions", ["delete", "delete create", "create delete"])
def test_what_destroys_is_rejected(actions: str) -> None:
    after = None if actions == "delete" else TABLE | {"name": "orders2"}
    assert verdict(change("aws_dynamodb_table.orders", actions, TABLE, after)) == "reject"
    assert verdict(of_google("google_sql_database_instance.main", actions, {"name": "a"}, after)) == "reject"


def test_a_deposed_object_that_is_deleted_is_rejected() -> None:
    assert verdict(change("aws_instance.a", "delete", {"id": "i"}, deposed="abcd1234")) == "reject"


def test_protection_that_is_switched_off_is_rejected() -> None:
    off = TABLE | {"deletion_protection_enabled": False}
    assert objections(change("aws_dynamodb_table.orders", "update", TABLE, off)) == {
        ("protection-removed", "aws_dynamodb_table.orders")
    }


@pytest.mark.parametrize(
    "harmless",
    [
        [],
        [change("aws_instance.a", "no-op", {"id": "i"}, {"id": "i"})],
        [change("aws_instance.a", "create", None, {"ami": "ami-1"}, inside={"after_unknown": {"id": True}})],
        [change("aws_instance.a", "update", {"instance_type": "t3.micro"}, {"instance_type": "t3.small"})],
        [change("aws_instance.b", "no-op", {"id": "i"}, {"id": "i"}, previous_address="aws_instance.a")],
        [change("aws_instance.a", "no-op", {"id": "i"}, {"id": "i"}, inside={"importing": {"id": "i"}})],
        [change("null_resource.a", "delete create", {"id": "1"}, {})],
        [change("data.aws_ami.a", "read", None, {}) | {"mode": "data"}],
        [of_google("google_storage_bucket.b", "create", None, {"name": "b"})],
        [of_google("google_storage_bucket.b", "update", {"labels": {"a": "1"}}, {"labels": {"a": "2"}})],
    ],
)
def test_what_is_harmless_by_itself_is_approved(harmless: list[dict[str, Any]]) -> None:
    assert verdict(*harmless) == "approve"


@pytest.mark.parametrize(
    "doubtful",
    [
        change("aws_instance.a", "update", {"id": "i"}, {"id": "i"}),
        change("aws_instance.a", "update", {"x": 1.0000000000000000001}, {"x": 1.0000000000000000002}),
        change(
            "aws_db_instance.a",
            "update",
            {"user_data": "a"},
            {"user_data": "b"},
            inside={"before_sensitive": {"user_data": True}},
        ),
        change("aws_lambda_invocation.a", "create", None, {"function_name": "f"}),
        of_google("google_sql_database_instance.a", "update", {"tier": "a"}, {"tier": "b"}),
        of_google("google_project_iam_member.a", "create", None, {"role": "roles/owner"}),
        of_google("google_compute_firewall.a", "create", None, {"source_ranges": ["0.0.0.0/0"]}),
        change("azurerm_role_assignment.a", "create", None, {}),
        change("kubernetes_cluster_role_binding.a", "create", None, {}),
    ],
)
def test_what_a_plan_cannot_tell_goes_to_a_person(doubtful: dict[str, Any]) -> None:
    assert objections(doubtful) == {("unrehearsed", doubtful["address"])}


def test_what_is_forgotten_or_a_link_goes_to_a_person() -> None:
    forgotten = change("aws_instance.a", "forget", {"id": "i"})
    link = change("aws_iam_role_policy_attachment.a", "delete", {"role": "r", "policy_arn": "p"})
    assert objections(forgotten, link) == {
        ("resource-forgotten", "aws_instance.a"),
        ("link-removed", "aws_iam_role_policy_attachment.a"),
    }


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        ({"errored": True}, "plan"),
        ({"complete": False}, "plan"),
        ({"deferred_changes": [{"reason": "r", "resource_change": {"address": "aws_x.y"}}]}, "aws_x.y"),
        ({"action_invocations": [{"address": "action.a.b"}]}, "action.a.b"),
        ({"checks": [{"address": {"to_display": "check.c"}, "status": "fail"}]}, "check.c"),
        ({"configuration": None}, "plan"),
    ],
)
def test_a_plan_that_leaves_something_open_is_not_approved(more: dict[str, Any], subject: str) -> None:
    create = change("aws_sns_topic.t", "create", None, {"name": "t"})
    assert verdict(create) == "approve"
    assert objections(create, **more) == {("gap", subject)}


def test_programs_that_the_apply_runs_are_not_approved() -> None:
    resource = {"address": "aws_instance.a", "provisioners": [{"type": "local-exec"}]}
    made = {"configuration": {"root_module": {"resources": [resource]}}}
    new = change("aws_instance.a[0]", "create", None, {"ami": "x"})
    stays = change("aws_instance.a[0]", "update", {"ami": "x"}, {"ami": "y"})
    assert objections(new, **made) == {("gap", "aws_instance.a")}
    assert objections(stays, **made) == set()
    external = {"address": "data.external.e", "mode": "data", "type": "external"}
    read = {"configuration": {"root_module": {"resources": [external]}}}
    assert objections(stays, **read) == {("gap", "data.external.e")}
    assert objections(change(actions="no-op"), **read) == set()


def test_a_provider_that_only_looks_like_aws_is_not_trusted() -> None:
    create = change("aws_sns_topic.t", "create", None, {"name": "t"}, provider_name="registry.terraform.io/evil/aws")
    assert objections(create) == {("gap", "registry.terraform.io/evil/aws")}


def test_a_rule_about_something_that_the_plan_makes_is_no_loss() -> None:
    bucket = change("aws_s3_bucket.b", "create", None, {"bucket": "b"}, inside={"after_unknown": {"id": True}})
    rule = {"rule": [{"id": "old", "status": "Enabled", "expiration": [{"days": 30}]}]}
    lifecycle = change(
        "aws_s3_bucket_lifecycle_configuration.b", "create", None, rule, inside={"after_unknown": {"bucket": True}}
    )
    assert verdict(bucket, lifecycle) == "approve"
    assert (
        verdict(change("aws_s3_bucket_lifecycle_configuration.b", "create", None, rule | {"bucket": "b"})) == "reject"
    )


def test_everything_is_computed_and_nothing_proved() -> None:
    report = reviewed(text(change("aws_dynamodb_table.orders", "delete", TABLE)))
    [only] = report.diff.changes
    assert (only.proof, only.witnesses) == (Proof.COMPUTED, frozenset({Witness.PLAN}))
    assert (report.engine.name, report.isolation, report.waits) == ("none", "not run", "not run")
    assert (report.target.kind, report.target.resources, report.proposal.kind) == ("plan", 1, "plan")
    assert report.calls == ()


def test_a_rename_is_recognised_and_the_moved_block_given() -> None:
    report = reviewed(
        text(
            change("aws_dynamodb_table.old", "delete", TABLE),
            change(
                "aws_dynamodb_table.new", "create", None, TABLE | {"id": None}, inside={"after_unknown": {"id": True}}
            ),
        )
    )
    [finding] = [item for item in report.verdict.findings if item.rule == "resource-deleted"]
    assert "from = aws_dynamodb_table.old" in finding.remediation


def test_drift_and_imports_are_told() -> None:
    imported = change("aws_instance.a", "no-op", {}, {}, inside={"importing": {"id": "i"}})
    report = reviewed(text(imported, resource_drift=[change(f"aws_instance.d{n}") for n in range(12)]))
    told = " ".join(report.notices)
    assert "aws_instance.d0, " in told
    assert "and 2 more" in told
    assert "import): aws_instance.a." in told


MIXED = (
    change("aws_dynamodb_table.orders", "delete", TABLE),
    change("aws_instance.web[0]", "delete create", {"ami": "a"}, {"ami": "b"}, inside={"replace_paths": [["ami"]]}),
    change(
        "aws_security_group.web",
        "update",
        {"name": "w", "ingress": []},
        {"name": "w", "ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22, "protocol": "tcp"}]},
    ),
    change("aws_sns_topic.\u202ea", "create", None, {"name": "\x1b[31mred", "kms_key": None, "huge": 10**400}),
    change("null_resource.a", "delete create", {"id": "1"}, {}),
)


def test_every_page_can_be_made_of_it_and_the_document_is_valid() -> None:
    report = reviewed(text(*MIXED, complete=False))
    document = json.loads(jsonfmt.dumps(report))
    jsonschema.Draft202012Validator(jsonfmt.schema()).validate(document)
    assert jsonfmt.to_document(jsonfmt.from_document(document)) == document
    for page in (html.render(document), markdown.render(document), sarif.render(document)):
        assert "aws_dynamodb_table.orders" in page
    assert "judged by the plan alone" in markdown.render(document)


def test_the_brief_form_says_what_is_against_it_and_counts_the_rest() -> None:
    lines = brief.render(reviewed(text(*MIXED, complete=False))).splitlines()
    assert lines[0] == lines[-1] == "REJECTED: 1 deleted, 2 replaced, 1 updated, 1 created"
    assert "    - aws_dynamodb_table.orders" in lines
    assert "  -/+ aws_instance.web[0]" in lines
    assert any("opens to the whole world (0.0.0.0/0) [access-widened]" in line for line in lines)
    assert any("it was narrowed (-target)" in line for line in lines)
    assert any(line.split() == ["1", "+", "aws_sns_topic", "created"] for line in lines)
    assert any(line.split() == ["1", "bookkeeping"] for line in lines)


def test_the_brief_form_obeys_no_character_of_the_plan() -> None:
    nasty = change("aws_sqs_queue.\x1b[2J\u202eq", "delete", {"id": "q"})
    shown = brief.render(reviewed(text(nasty, resource_drift=[nasty])))
    assert all(line.isprintable() for line in shown.splitlines())


def test_the_brief_form_stays_a_few_pages() -> None:
    shown = brief.render(reviewed(text(*(change(f"aws_sqs_queue.q{n}", "delete", {"id": n}) for n in range(300)))))
    assert len(shown.splitlines()) < 200
    assert "and 250 more" in shown


def test_secrets_do_not_come_out() -> None:
    secret = {"before_sensitive": {"hidden": True}, "after_sensitive": {"hidden": True}}
    values = ({"hidden": "hush-1", "password": "hush-2"}, {"hidden": "hush-3", "password": "hush-4"})
    report = reviewed(text(change("aws_db_instance.a", "delete create", *values, inside=secret)))
    assert "hush" not in jsonfmt.dumps(report) + brief.render(report)


def test_a_policy_beside_the_plan_can_only_make_it_stricter(tmp_path: Path) -> None:
    (tmp_path / "sandtable.yaml").write_text("version: 1\nrules: {resource-deleted: off}\nunrehearsed: review\n")
    delete = text(change("aws_dynamodb_table.orders", "delete", TABLE))
    create = text(change("aws_sns_topic.t", "create", None, {"name": "t"}))
    assert reviewed(delete, folder=tmp_path).verdict.decision.value == "reject"
    assert reviewed(create, folder=tmp_path).verdict.decision.value == "review"
    assert reviewed(create).verdict.decision.value == "approve"
    policy = tmp_path / "sandtable.yaml"
    assert reviewed(delete, policy=policy).verdict.decision.value == "review"


def test_a_policy_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sandtable.yaml").write_text("version: 1\nunrehearsed: approve-everything\n")
    with pytest.raises(ConfigurationError, match="approve-harmless, review"):
        reviewed(text(), folder=tmp_path)
    with pytest.raises(ConfigurationError):
        reviewed(text(), policy=tmp_path / "missing.yaml")


def test_what_was_not_rehearsed_cannot_be_switched_off(tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("version: 1\nrules: {unrehearsed: off}\n")
    with pytest.raises(ConfigurationError, match="cannot be set below review"):
        reviewed(text(), policy=policy)


def test_other_hosts_of_the_same_provider_are_known() -> None:
    for provider in ("registry.opentofu.org/hashicorp/aws", AWS, "aws"):
        assert verdict(change("aws_sns_topic.t", "create", None, {"name": "t"}, provider_name=provider)) == "approve"
