"""Models are shared by those who read them, and by nobody who rewrites them."""

from __future__ import annotations

import contextlib

from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from sandbox.servicemodels import engine_session, model_loader, model_session

NOBODY = "http://127.0.0.1:1"


def test_a_call_of_a_client_leaves_the_models_that_are_read_as_they_are() -> None:
    client = engine_session().create_client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=NOBODY,
        aws_access_key_id="123456789012",
        aws_secret_access_key="clone",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    with contextlib.suppress(EndpointConnectionError):
        client.put_object(Bucket="orders", Key="one", Body=b"")

    operation = model_loader().load_service_model("s3", "service-2")["operations"]["PutObject"]
    assert operation["http"]["requestUri"] == "/{Bucket}/{Key+}"
    # The client's own are rewritten, or nothing would have to be kept apart.
    assert client.meta.service_model.operation_model("PutObject").http["requestUri"] == "/{Key+}"


def test_models_are_read_once() -> None:
    first, second = (model_session().get_component("data_loader") for _ in range(2))
    assert first is second is model_loader()
