"""Where an engine may be: never at an address of AWS's, whatever the user names."""

from __future__ import annotations

import ipaddress

import botocore.loaders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.wiring import EngineOptions, engine_named
from sandbox.engines.address import is_aws, is_metadata, vet
from sandbox.engines.endpoint import EndpointEngine, localstack_url
from sandbox.errors import EngineError, UsageError


@pytest.mark.parametrize(
    "host",
    [
        "amazonaws.com",
        "sts.amazonaws.com",
        "dynamodb.eu-west-1.amazonaws.com",
        "STS.AMAZONAWS.COM.",
        "s3.cn-north-1.amazonaws.com.cn",
        "sqs.eu-west-1.api.aws",
        "bucket.s3.dualstack.eu-west-1.amazonaws.com",
        "vpce-0a1b.execute-api.us-east-1.vpce.amazonaws.com",
        "abc.lambda-url.us-east-1.on.aws",
        "s3.us-iso-east-1.c2s.ic.gov",
    ],
)
def test_aws_is_refused_even_where_it_is_named(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(UsageError, match="looks like real AWS"):
            vet(f"{scheme}://{host}", named_hosts={host})


def test_every_partition_that_botocore_knows_is_known() -> None:
    partitions = botocore.loaders.Loader().load_data("partitions")["partitions"]
    suffixes = {partition["outputs"][name] for partition in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")}

    assert [suffix for suffix in sorted(suffixes) if not is_aws(f"sts.region.{suffix}")] == []


@given(
    st.sampled_from(["amazonaws.com", "api.aws", "amazonaws.com.cn"]), st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)
)
def test_only_whole_labels_count(domain: str, label: str) -> None:
    assert is_aws(f"{label}.{domain}")
    assert not is_aws(f"{label}{domain}.example")
    assert not is_aws(f"{domain}.example")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254",
        "http://169.254.170.2:80",
        "http://2852039166",
        "http://0xa9fea9fe",
        "http://[::ffff:169.254.169.254]",
        "http://[fd00:ec2::254]",
        "http://[fe80::1]",
    ],
)
def test_the_metadata_service_is_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(UsageError, match="metadata service"):
        vet(url, named_hosts={"169.254.169.254", "fd00:ec2::254"})


@given(st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_no_link_local_address_is_an_engine(address: ipaddress.IPv4Address) -> None:
    assert is_metadata(address)
    assert is_metadata(ipaddress.IPv6Address(f"::ffff:{address}"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:4566",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:70000",
        "http://127.0.0.1:4566/path",
        "http://127.0.0.1:4566?query",
        "http://127.0.0.1:4566#part",
        "http://0.0.0.0:4566",
        "http://224.0.0.1:4566",
        "http://127.0.0.1 :4566",
    ],
)
def test_what_is_no_url_of_an_engine_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="not valid"):
        vet(url, named_hosts=())


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        EndpointEngine("http://user:planted-secret@127.0.0.1:4566", environment={})
    assert "planted-secret" not in caught.value.message + caught.value.hint


def test_loopback_needs_no_name_and_stays_the_address_that_was_vetted() -> None:
    assert vet("http://127.0.0.1:4566", named_hosts=()).url == "http://127.0.0.1:4566"
    assert vet("http://[::1]:4566", named_hosts=()).url == "http://[::1]:4566"
    assert vet("http://localhost:4566/", named_hosts=()).url in {"http://127.0.0.1:4566", "http://[::1]:4566"}


def test_another_host_is_used_only_where_it_is_named() -> None:
    with pytest.raises(UsageError, match="not on this machine") as caught:
        vet("http://192.0.2.7:4566", named_hosts={"192.0.2.8"})
    assert "--engine-host 192.0.2.7" in caught.value.hint
    assert vet("http://192.0.2.7:4566", named_hosts={"192.0.2.7"}).url == "http://192.0.2.7:4566"


def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(EngineError, match="cannot be found"):
        vet("http://engine.invalid:4566", named_hosts={"engine.invalid"})


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://localhost:4566"),
        ({"EDGE_PORT": "4510"}, "http://localhost:4510"),
        ({"LOCALSTACK_HOST": "127.0.0.1:4599"}, "http://127.0.0.1:4599"),
        ({"LOCALSTACK_HOST": "127.0.0.1", "USE_SSL": "1"}, "https://127.0.0.1:4566"),
        # Where the user's other tools go is not where a rehearsal may go.
        ({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com"}, "http://localhost:4566"),
    ],
)
def test_localstack_is_looked_for_where_its_own_tools_look(environment: dict[str, str], url: str) -> None:
    assert localstack_url(environment) == url
    assert engine_named("endpoint:localstack", EngineOptions(environment=environment)).name == f"endpoint:{url}"


@pytest.mark.parametrize(
    "name", ["nothing", "container:", "container:UPPER", "container:-x", "endpoint:", "container:a b"]
)
def test_what_names_no_engine_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        engine_named(name)
    assert caught.value.hint


def test_hosts_are_named_by_option_or_environment() -> None:
    options = EngineOptions(named_hosts=("A.example",), environment={"SANDTABLE_ENGINE_HOSTS": "b.example, c.example"})

    engine = engine_named("endpoint:http://192.0.2.7", options)
    assert vars(engine)["_named_hosts"] == {"a.example", "b.example", "c.example"}
