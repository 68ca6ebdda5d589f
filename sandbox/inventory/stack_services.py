"""Which service a CloudFormation resource type belongs to, by the middle of its name."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from sandbox.servicemodels import model_session

_NAMES = MappingProxyType(
    {
        "AmazonMQ": ("mq",),
        "CertificateManager": ("acm",),
        "Cognito": ("cognito-idp", "cognito-identity"),
        "ElasticLoadBalancing": ("elb",),
        "ElasticLoadBalancingV2": ("elbv2",),
        "Elasticsearch": ("es",),
        "EventSchemas": ("schemas",),
        "KinesisAnalyticsV2": ("kinesisanalyticsv2",),
        "KinesisFirehose": ("firehose",),
        "MSK": ("kafka",),
        "OpenSearchService": ("opensearch",),
        "SES": ("ses", "sesv2"),
        "StepFunctions": ("stepfunctions",),
        "Timestream": ("timestream-write",),
    }
)
"""Where botocore calls a service otherwise than CloudFormation does."""


def services_of(type_: str) -> tuple[str, ...]:
    """Return botocore's names of the services that hold resources of a type; nothing where none is known.

    Args:
        type_: In CloudFormation's vocabulary: ``AWS::DynamoDB::Table``.
    """
    parts = type_.split("::")
    if len(parts) < 3 or parts[0] != "AWS":  # noqa: PLR2004 - vendor, service, resource
        return ()
    if parts[1] in _NAMES:
        return _NAMES[parts[1]]
    found = _available().get(parts[1].lower())
    return (found,) if found is not None else ()


@cache
def _available() -> dict[str, str]:
    names = model_session().get_available_services()
    return {name.replace("-", ""): name for name in names}
