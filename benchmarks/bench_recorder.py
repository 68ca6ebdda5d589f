"""What the recorder adds to a call, what identification costs, and what 10,000 recorded calls weigh.

python benchmarks/bench_recorder.py
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from sandbox.engines.ministack import MiniStackEngine
from sandbox.recorder.recorder import Recorder

ROUNDS = 500
WARM_UP = 50
MANY = 10_000
SIGNED = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Authorization": SIGNED.format("ec2")}
JSON = {"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1"}
BOTO3 = "boto3 ssm GetParameter"
CALLS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "ssm GetParameter": ("POST", "/", b'{"Name": "/bench"}', {**JSON, "Authorization": SIGNED.format("ssm")}),
    "s3 GetObject 4 KiB": ("GET", "/bench/small", b"", {"Authorization": SIGNED.format("s3")}),
    "s3 PutObject 4 KiB": ("PUT", "/bench/written", b"x" * 4096, {"Authorization": SIGNED.format("s3")}),
    "s3 GetObject 1 MiB": ("GET", "/bench/large", b"", {"Authorization": SIGNED.format("s3")}),
    "ec2 DescribeVpcs": ("POST", "/", b"Action=DescribeVpcs&Version=2016-11-15", FORM),
}


def client(service: str, endpoint: str) -> Any:
    """A boto3 client that neither retries nor looks for credentials."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="bench",  # noqa: S106 - an engine takes any
        config=Config(retries={"max_attempts": 1}),
    )


def raw_caller(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> Callable[[], None]:
    """The same call again and again over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call() -> None:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status}")

    return call


def medians(direct: Callable[[], None], recorded: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Milliseconds of each call, the two ways taking turns so that the machine's moods hit both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + ROUNDS):
        for way, call in enumerate((direct, recorded)):
            start = time.perf_counter()
            call()
            if number >= WARM_UP:
                times[way].append((time.perf_counter() - start) * 1000)
    return times


def latencies(engine_port: int, recorder: Recorder) -> None:
    """Print what the recorder adds for a client in a process of its own, and what it says it adds."""
    print(f"{'milliseconds':24}{'direct':>9}{'recorded':>10}{'added':>9}{'p95 added':>11}{'reported':>10}")
    for name in (*CALLS, BOTO3):
        before = len(recorder.calls)
        ports = [str(engine_port), str(recorder.port)]
        row = subprocess.run(
            [sys.executable, __file__, "latency", name, *ports], check=True, capture_output=True, text=True
        )
        reported = statistics.median(call.overhead * 1000 for call in recorder.calls[before:])
        print(f"{row.stdout.rstrip()}{reported:10.3f}", flush=True)


def latency_alone(name: str, direct_port: str, recorded_port: str) -> None:
    """Run by `latencies` in a process of its own: a client does not share the recorder's interpreter."""
    if name == BOTO3:
        plain = client("ssm", f"http://127.0.0.1:{direct_port}")
        through = client("ssm", f"http://127.0.0.1:{recorded_port}")
        direct, recorded = medians(
            lambda: plain.get_parameter(Name="/bench"), lambda: through.get_parameter(Name="/bench")
        )
    else:
        call = CALLS[name]
        direct, recorded = medians(raw_caller(int(direct_port), *call), raw_caller(int(recorded_port), *call))
    added = statistics.median(recorded) - statistics.median(direct)
    tail = statistics.quantiles(recorded, n=20)[18] - statistics.quantiles(direct, n=20)[18]
    print(f"{name:24}{statistics.median(direct):9.3f}{statistics.median(recorded):10.3f}{added:9.3f}{tail:11.3f}")


def identification() -> None:
    """Print what the first identification costs in a fresh process, and what a warm one costs."""
    subprocess.run([sys.executable, __file__, "identify"], check=True)


def identify_alone() -> None:
    """Run by `identification` in a process of its own: nothing is loaded yet."""
    from sandbox.recorder.catalogue import catalogue  # noqa: PLC0415 - the import is measured apart
    from sandbox.recorder.exchange import Request  # noqa: PLC0415 - as above
    from sandbox.recorder.identify import identify  # noqa: PLC0415 - as above
    from sandbox.recorder.signature import caller_of  # noqa: PLC0415 - as above

    start = time.perf_counter()
    known = catalogue()
    print(f"index of all services: {(time.perf_counter() - start) * 1000:.0f} ms")
    for name, (method, path, body, headers) in CALLS.items():
        lower = {key.lower(): value for key, value in headers.items()}

        def once() -> None:
            request = Request(method=method, target=path, headers=lower, body=body, body_size=len(body))  # noqa: B023 - called at once
            identify(request, caller_of(request), known)

        start = time.perf_counter()
        once()
        cold = time.perf_counter() - start
        start = time.perf_counter()
        for _ in range(2000):
            once()
        print(f"{name:24} first {cold * 1000:6.1f} ms, then {(time.perf_counter() - start) / 2000 * 1e6:5.1f} us")


def weight(recorder: Recorder) -> None:
    """Print how much memory many calls take."""
    call = raw_caller(recorder.port, *CALLS["ec2 DescribeVpcs"])
    process = psutil.Process()
    before = process.memory_info().rss
    start = time.perf_counter()
    for _ in range(MANY):
        call()
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    count = len(recorder.calls)
    drain = time.perf_counter() - start
    grown = (process.memory_info().rss - before) / 1_048_576
    print(f"{MANY} calls: {seconds:.1f} s, {grown:.0f} MiB more; {count} calls at hand after {drain * 1000:.0f} ms")


def main() -> None:
    """Measure and print."""
    identification()
    with (
        tempfile.TemporaryDirectory() as scratch,
        Recorder() as recorder,
        MiniStackEngine().start(Path(scratch), public_port=recorder.port) as engine,
    ):
        recorder.forward_to(engine.endpoint)
        client("ssm", engine.endpoint).put_parameter(Name="/bench", Value="x", Type="String")
        s3 = client("s3", engine.endpoint)
        s3.create_bucket(Bucket="bench")
        s3.put_object(Bucket="bench", Key="small", Body=b"x" * 4096)
        s3.put_object(Bucket="bench", Key="large", Body=b"x" * 1_048_576)
        latencies(int(engine.endpoint.rpartition(":")[2]), recorder)
        weight(recorder)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["identify"]:
            identify_alone()
        case ["latency", name, direct_port, recorded_port]:
            latency_alone(name, direct_port, recorded_port)
        case _:
            main()
