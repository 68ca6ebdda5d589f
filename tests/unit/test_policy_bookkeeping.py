from __future__ import annotations

import pytest

from gate.policy.bookkeeping import BUILT_IN, Bookkeeping, Kind, lookup

MUST_NOT_BE_EXCUSED = """
aws_cognito_user_pool aws_db_instance aws_db_snapshot aws_dynamodb_table aws_dynamodb_table_item aws_ebs_snapshot
aws_ebs_volume aws_ecr_repository aws_ecs_service aws_efs_file_system aws_eip aws_eip_association aws_iam_access_key
aws_iam_role aws_instance aws_kms_alias aws_kms_key aws_lambda_alias aws_lambda_event_source_mapping aws_lambda_function
aws_lb aws_lb_listener aws_lb_listener_rule aws_route53_record aws_s3_bucket aws_s3_bucket_object_lock_configuration
aws_s3_bucket_replication_configuration aws_s3_bucket_versioning aws_s3_bucket_website_configuration aws_s3_object
aws_secretsmanager_secret aws_security_group aws_sns_topic aws_sns_topic_subscription aws_sqs_queue aws_ssm_parameter
aws_subnet aws_volume_attachment aws_vpc AWS::DynamoDB::Table AWS::EC2::Instance AWS::EC2::Volume AWS::S3::Bucket
AWS::S3::Object randomness timer tlsx
"""


@pytest.mark.parametrize("type_", MUST_NOT_BE_EXCUSED.split())
def test_what_holds_data_or_is_an_address_is_not_in_the_list(type_: str) -> None:
    assert lookup(type_, {}) is None


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("random_password", Kind.LOCAL),
        ("terraform_data", Kind.LOCAL),
        ("aws_ecs_task_definition", Kind.REVISION),
        ("aws_lambda_permission", Kind.LINK),
        ("aws_route_table_association", Kind.LINK),
        ("aws_s3_bucket_policy", Kind.SETTING),
        ("AWS::EC2::NetworkInterface", Kind.EPHEMERAL),
    ],
)
def test_what_is_in_the_list(type_: str, kind: Kind) -> None:
    row = lookup(type_, {})
    assert row is not None
    assert row.kind is kind


def test_nothing_of_aws_is_excused_as_local_but_what_only_terraform_knows() -> None:
    local = {type_ for type_, row in BUILT_IN.items() if row.kind is Kind.LOCAL and type_.startswith("aws_")}
    assert {type_ for type_ in local if not type_.endswith("_exclusive")} == {"aws_acm_certificate_validation"}


def test_every_row_has_a_reason_and_no_pattern_reaches_into_aws() -> None:
    for type_, row in BUILT_IN.items():
        assert len(row.reason.split()) > 2
        assert "*" not in type_ or not type_.lower().startswith("aws")


def test_a_teams_row_comes_first() -> None:
    own = Bookkeeping(kind=Kind.VOUCHED, reason="ours to judge")
    assert lookup("aws_lambda_permission", {"aws_lambda_*": own}) is own
    assert lookup("aws_lambda_permission", {"aws_lambda_permission": own}) is own
    assert lookup("aws_s3_bucket", {"aws_s3_bucket_*": own}) is None
