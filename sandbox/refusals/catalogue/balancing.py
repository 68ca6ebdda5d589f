"""Load balancers, target groups and certificates.

Source: the API references of Elastic Load Balancing (2015-12-01) and AWS Certificate Manager.
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, one_of

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_{}.html"
_ACM = "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html"
_BALANCERS = Look(service="elbv2", operation="DescribeLoadBalancers", items="LoadBalancers")
_LISTENERS = Look(
    service="elbv2",
    operation="DescribeListeners",
    parameters={"LoadBalancerArn": "{found.LoadBalancerArn}"},
    items="Listeners",
)
_TARGETS = "TargetGroupArn | ForwardConfig.TargetGroups.TargetGroupArn"


def _target_group(name: str, when: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=f"target-group-of-{name}",
        service="elbv2",
        operations=("DeleteTargetGroup",),
        when=when,
        looks=looks,
        code="ResourceInUse",
        message="Target group '{TargetGroupArn}' is currently in use by a listener or a rule",
        documentation=_ELB.format("DeleteTargetGroup"),
    )


def _certificate(name: str, when: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=f"certificate-{name}",
        service="acm",
        operations=("DeleteCertificate",),
        when=when,
        looks=looks,
        code="ResourceInUseException",
        message="Certificate {CertificateArn} in account {caller.account} is in use.",
        documentation=_ACM,
    )


BALANCING: tuple[KnownRefusal, ...] = (
    _target_group(
        "listener",
        "a listener forwards to it",
        _BALANCERS,
        Look(
            service="elbv2",
            operation="DescribeListeners",
            parameters={"LoadBalancerArn": "{found.LoadBalancerArn}"},
            items="Listeners.DefaultActions",
            where=(one_of(_TARGETS, "{TargetGroupArn}"),),
        ),
    ),
    _target_group(
        "rule",
        "a rule of a listener forwards to it",
        _BALANCERS,
        _LISTENERS,
        Look(
            service="elbv2",
            operation="DescribeRules",
            parameters={"ListenerArn": "{found.ListenerArn}"},
            items="Rules.Actions",
            where=(one_of(_TARGETS, "{TargetGroupArn}"),),
        ),
    ),
    KnownRefusal(
        name="load-balancer-protected",
        service="elbv2",
        operations=("DeleteLoadBalancer",),
        when="the load balancer has deletion protection",
        looks=(
            Look(
                service="elbv2",
                operation="DescribeLoadBalancerAttributes",
                parameters={"LoadBalancerArn": "{LoadBalancerArn}"},
                items="Attributes",
                where=(one_of("Key", "deletion_protection.enabled"), one_of("Value", "true")),
            ),
        ),
        code="OperationNotPermitted",
        message="Load balancer '{LoadBalancerArn}' cannot be deleted because deletion protection is enabled",
        documentation=_ELB.format("DeleteLoadBalancer"),
    ),
    _certificate(
        "of-listener",
        "a listener uses it",
        _BALANCERS,
        Look(
            service="elbv2",
            operation="DescribeListeners",
            parameters={"LoadBalancerArn": "{found.LoadBalancerArn}"},
            items="Listeners.Certificates",
            where=(one_of("CertificateArn", "{CertificateArn}"),),
        ),
    ),
    _certificate(
        "of-distribution",
        "a CloudFront distribution uses it",
        Look(
            service="cloudfront",
            operation="ListDistributions",
            items="DistributionList.Items",
            where=(one_of("ViewerCertificate.ACMCertificateArn", "{CertificateArn}"),),
        ),
    ),
    _certificate(
        "of-classic-load-balancer",
        "a classic load balancer uses it",
        Look(
            service="elb",
            operation="DescribeLoadBalancers",
            items="LoadBalancerDescriptions.ListenerDescriptions.Listener",
            where=(one_of("SSLCertificateId", "{CertificateArn}"),),
        ),
    ),
    _certificate(
        "of-api-domain",
        "a domain name of API Gateway uses it",
        Look(
            service="apigateway",
            operation="GetDomainNames",
            items="items",
            where=(one_of("certificateArn | regionalCertificateArn", "{CertificateArn}"),),
        ),
    ),
)
