"""Measure the shortened waits: one configuration, with the provider as installed and with its shortened copy.

    python benchmarks/bench_waits.py FOLDER [--var NAME=VALUE] [--override FILE] [--cycles N] [--only-shortened]

Each run has a fresh clone of its own behind the same port, so that URLs are the same, and goes apply, plan, destroy.
Compared are the resources, their attributes (equal up to a one-to-one renaming of generated names, and up to
timestamps), the second plan, and the API calls (counted by a proxy: calls that write must be equal one by one, calls
that read are polling). What differs between two ordinary runs as well is the engine's own randomness; it is listed
apart. ``--cycles N`` adds N shortened cycles and reports every error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.waits import (
    DEV_OVERRIDES_WARNING,
    Refused,
    ShortenedProvider,
    cli_configuration,
    installed_providers,
    shorten,
)

HOP_BY_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
UNSET: Final = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")
READS: Final = re.compile(r"(Describe|Get|List|Head|BatchGet|Search|Lookup)\w*|(GET|HEAD) .*")
TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z| ?[+-]\d\d:?\d\d| UTC)?|\b1[78]\d{8}(\d{3}|\.\d+)?\b"
)
WORD: Final = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]+")
REGISTRY: Final = "registry.terraform.io"


@dataclass
class Measurement:
    """One cycle."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    second_plan: list[str] = field(default_factory=list)


class CountingProxy:
    """Passes requests on to the engine of the moment and counts them, on a loop and a thread of its own."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.upstream = ""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.run_until_complete(self._session.close())
        self._loop.close()

    async def _serve(self) -> None:
        self._session = aiohttp.ClientSession(
            auto_decompress=False, connector=aiohttp.TCPConnector(limit=0, force_close=True)
        )
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.counts[operation(request, body)] += 1
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP]
        async with self._session.request(
            request.method,
            self.upstream + request.raw_path,
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=UNSET,
        ) as answer:
            content = await answer.read()
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP]
            response = web.Response(status=answer.status, body=content, headers=kept)
            if request.method == "HEAD":
                response.headers["Content-Length"] = answer.headers.get("Content-Length", "0")
            return response


def operation(request: web.Request, body: bytes) -> str:
    """A name for a call that is the same in each run: the operation, or method, service and number of path parts."""
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if request.content_type == "application/x-www-form-urlencoded" and b"Action=" in body:
        return parse_qs(body.decode("latin-1"))["Action"][0]
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", request.headers.get("Authorization", ""))
    queries = "&".join(sorted(key for key in request.query if key != "x-id"))
    return f"{request.method} {scope[1] if scope else '?'} {request.path.count('/')} {queries}".rstrip()


@dataclass(frozen=True)
class Bench:
    """What all cycles share."""

    work: Path
    base: str
    proxy: CountingProxy
    variables: dict[str, str]

    def cycle(self, shortened: Sequence[ShortenedProvider]) -> Measurement:
        """Apply, plan, destroy in a fresh clone."""
        scratch = Path(tempfile.mkdtemp(dir=self.work.parent))
        (self.work / "cli.tfrc").write_text(cli_configuration(self.base, shortened))
        measured = Measurement()
        with MiniStackEngine().start(scratch, public_port=self.proxy.port) as engine:
            self.proxy.upstream = engine.endpoint
            self._timed(measured, "apply", "apply", "-auto-approve")
            measured.state = json.loads(self.terraform("state", "pull").stdout)
            self._timed(measured, "plan", "plan", "-out=second.plan")
            if (self.work / "second.plan").exists():
                shown = json.loads(self.terraform("show", "-json", "second.plan").stdout)
                measured.second_plan = sorted(plan_lines(shown))
                (self.work / "second.plan").unlink()
            self._timed(measured, "destroy", "apply", "-destroy", "-auto-approve")
        for left in self.work.glob("terraform.tfstate*"):
            left.unlink()
        shutil.rmtree(scratch, ignore_errors=True)
        return measured

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it with nothing inherited but the way to programs."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.proxy.port}",
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_CONFIG_FILE": str(self.work / "cli.tfrc"),
            **{f"TF_VAR_{name}": value for name, value in self.variables.items()},
        }
        return subprocess.run(  # noqa: PLW1510 - errors are data here
            ["terraform", *arguments],  # noqa: S607 - the one that a user has
            cwd=self.work,
            env=environment,
            capture_output=True,
            text=True,
        )

    def _timed(self, measured: Measurement, name: str, *arguments: str) -> None:
        self.proxy.counts = Counter()
        start = time.perf_counter()
        done = self.terraform(*arguments, "-json", "-input=false", "-no-color")
        measured.seconds[name] = time.perf_counter() - start
        measured.calls[name] = self.proxy.counts
        measured.errors += [f"{name}: {error}" for error in errors(done.stdout)]
        if done.returncode and not measured.errors:
            measured.errors.append(f"{name}: exit code {done.returncode}: {done.stderr[-500:]}")


def errors(log: str) -> Iterator[str]:
    """The error diagnostics of Terraform's JSON output."""
    for line in log.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        diagnostic = event.get("diagnostic", {})
        if diagnostic.get("severity") == "error":
            yield f"{diagnostic.get('address', '')} {diagnostic['summary']}: {diagnostic.get('detail', '')[:200]}"
        elif diagnostic.get("severity") == "warning" and diagnostic["summary"] != DEV_OVERRIDES_WARNING:
            continue


def plan_lines(shown: dict[str, Any]) -> Iterator[str]:
    """Address, actions and changed top-level attributes of whatever the plan would do."""
    for change in shown.get("resource_changes", []):
        actions, before, after = (change["change"][key] for key in ("actions", "before", "after"))
        if actions not in (["no-op"], ["read"]):
            names = sorted(
                name
                for name in {*(before or {}), *(after or {})}
                if (before or {}).get(name) != (after or {}).get(name)
            )
            yield f"{change['address']} {'+'.join(actions)} {','.join(names)}"


def instances(state: dict[str, Any]) -> dict[str, Any]:
    """Address → attributes."""
    return {
        f"{resource['mode']}.{resource['type']}.{resource['name']}[{instance.get('index_key', '')}]": instance[
            "attributes"
        ]
        for resource in state.get("resources", [])
        for instance in resource["instances"]
    }


class Renaming:
    """A one-to-one map between the generated names of two runs, found on the way."""

    def __init__(self) -> None:
        self.forth: dict[str, str] = {}
        self.back: dict[str, str] = {}

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values are equal up to timestamps and the renaming, which this may extend."""
        match one, other:
            case dict(), dict():
                return one.keys() == other.keys() and all(self.same(value, other[key]) for key, value in one.items())
            case list(), list():
                return len(one) == len(other) and self._same_items(one, other)
            case str(), str():
                return self._same_text(one, other)
            case ((int() | float()), (int() | float())):
                return one == other or bool(TIME.fullmatch(str(one)) and TIME.fullmatch(str(other)))
            case _:
                return one == other  # type: ignore[no-any-return]  # bools and nulls

    def _same_items(self, one: list[Any], other: list[Any]) -> bool:
        """In order; else in the order that the names known so far give (sets are sorted by generated names)."""
        forth, back = dict(self.forth), dict(self.back)
        if all(self.same(a, b) for a, b in zip(one, other, strict=True)):
            return True
        self.forth, self.back = forth, back
        left = list(other)
        for item in one:
            renamed = self.renamed(item)
            if renamed not in left:
                return False
            left.remove(renamed)
        return True

    def renamed(self, value: Any) -> Any:
        """A value of the first run in the second one's names."""
        match value:
            case dict():
                return {key: self.renamed(item) for key, item in value.items()}
            case list():
                return [self.renamed(item) for item in value]
            case str():
                return "".join(self.forth.get(word, word) for word in WORD.findall(value))
            case _:
                return value

    def _same_text(self, one: str, other: str) -> bool:
        words, others = (WORD.findall(TIME.sub("<time>", text)) for text in (one, other))
        if len(words) != len(others):
            return one[:1] == "{" and self._same_json(one, other)
        for a, b in zip(words, others, strict=True):
            generated = len(a) == len(b) and len(a) >= 4 and a.isalnum()
            if a != b and not generated:
                return False
            if a.isalnum() and (self.forth.setdefault(a, b), self.back.setdefault(b, a)) != (b, a):
                return False
        return True

    def _same_json(self, one: str, other: str) -> bool:
        try:
            return self.same(json.loads(one), json.loads(other))
        except ValueError:
            return False


def attribute_differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, str]:
    """Address and attribute of all that is not equal, with both values; identities come first, they give the names."""
    first, second = instances(one), instances(other)
    differences = {address: f"{address}: only in one run" for address in sorted(first.keys() ^ second.keys())}
    renaming = Renaming()
    both = sorted(first.keys() & second.keys())
    for identity in (True, False):
        for address in both:
            for name in sorted(first[address].keys() | second[address].keys()):
                if (name in {"id", "arn"}) == identity:
                    pair = first[address].get(name), second[address].get(name)
                    if not renaming.same(*pair):
                        where = f"{address}.{name}"
                        differences[where] = f"{where}: {str(pair[0])[:90]} / {str(pair[1])[:90]}"
    return differences


def writes(calls: Counter[str]) -> Counter[str]:
    """The calls that are no reads."""
    return Counter({name: count for name, count in calls.items() if not READS.fullmatch(name)})


def compare(again: Measurement, ordinary: Measurement, shortened: Measurement) -> None:
    """Print the table and what is not equal."""
    print(f"{'':12}{'ordinary':>10}{'shortened':>10}{'ratio':>8}")
    for name in ("apply", "plan", "destroy"):
        before, after = ordinary.seconds[name], shortened.seconds[name]
        print(f"{name + ' s':12}{before:10.1f}{after:10.1f}{before / after:7.1f}x")
    for name in ("apply", "plan", "destroy"):
        total, now = ordinary.calls[name].total(), shortened.calls[name].total()
        print(f"{name + ' calls':12}{total:10}{now:10}{(now - total) / max(total, 1):+8.1%}")
    count = [len(instances(m.state)) for m in (ordinary, shortened)]
    print(f"{'instances':12}{count[0]:10}{count[1]:10}")
    print(f"{'2nd plan':12}{len(ordinary.second_plan):10}{len(shortened.second_plan):10}")
    print(f"{'errors':12}{len(ordinary.errors):10}{len(shortened.errors):10}")
    random = attribute_differences(again.state, ordinary.state)
    different = attribute_differences(ordinary.state, shortened.state)
    report("attributes that differ between two ordinary runs", list(random.values()), none="none")
    report("other attributes", [text for name, text in different.items() if name not in random])
    report("second plan", sorted(set(ordinary.second_plan) ^ set(shortened.second_plan)))
    for name in ("apply", "plan", "destroy"):
        a, b = ordinary.calls[name], shortened.calls[name]
        differing = sorted(k for k in writes(a) | writes(b) if a[k] != b[k])
        report(f"writing calls of {name}", [f"{k}: {a[k]} / {b[k]}" for k in differing])
        polled = {k: b[k] - a[k] for k in a | b if a[k] != b[k] and READS.fullmatch(k)}
        print(f"  polling of {name}: {polled or 'equal'}")
    for measured, title in ((again, "first ordinary"), (ordinary, "ordinary"), (shortened, "shortened")):
        report(f"errors, {title}", measured.errors, none="none")


def report(title: str, differences: list[str], *, none: str = "equal") -> None:
    """One line if there is nothing to say."""
    print(f"  {title}: {none if not differences else len(differences)}")
    for line in differences:
        print(f"    {line}")


def mirrors() -> Iterator[Path]:
    """Folders that hold providers by registry, where distributions and people put them."""
    for root in (Path.home() / ".terraform.d/plugins", *map(Path, ("/usr/local/share", "/usr/share", "/opt", "/srv"))):
        yield from (found.parent for pattern in (".", "*", "*/*") for found in root.glob(f"{pattern}/{REGISTRY}"))


@contextmanager
def bench(folder: Path, mirror: Path, override: Path | None, variables: dict[str, str]) -> Iterator[Bench]:
    """A copy of the configuration, initialised, and a proxy."""
    with tempfile.TemporaryDirectory() as scratch, CountingProxy() as proxy:
        work = Path(scratch) / "configuration"
        shutil.copytree(folder, work)
        work.chmod(0o700)
        if override:
            shutil.copyfile(override, work / "bench_override.tf")
        base = f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"
        (work / "cli.tfrc").write_text(base)
        made = Bench(work=work, base=base, proxy=proxy, variables=variables)
        done = made.terraform("init", "-input=false", "-no-color")
        if done.returncode:
            sys.exit(done.stderr)
        yield made


def shortened_copies(made: Bench, cache: Path, cap: int) -> list[ShortenedProvider]:
    """Shorten all that is installed, printing what it took."""
    copies: list[ShortenedProvider] = []
    for provider in installed_providers(made.work):
        for attempt in ("first", "again"):
            start = time.perf_counter()
            result = shorten(
                provider_binary=provider.binary,
                source_address=provider.source_address,
                lock_file=made.work / ".terraform.lock.hcl",
                package_dir=provider.package_dir,
                cache_dir=cache,
                endpoint=f"http://127.0.0.1:{made.proxy.port}",
                cap_milliseconds=cap,
            )
            print(f"shorten, {attempt} time: {time.perf_counter() - start:.3f} s")
        match result:
            case Refused(reason=reason):
                sys.exit(f"refused: {reason}")
            case ShortenedProvider():
                print(f"{provider.source_address} {provider.version}, {result.go_version}, {result.call_sites} calls")
                copies.append(result)
    return copies


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--override", type=Path, help="a Terraform override file to put beside the configuration")
    parser.add_argument("--mirror", type=Path, help="folder with registry.terraform.io/... (default: searched)")
    parser.add_argument("--cache", type=Path, help="keep the copies there (default: a temporary folder)")
    parser.add_argument("--cycles", type=int, default=0, help="more shortened cycles")
    parser.add_argument("--cap", type=int, default=100, help="milliseconds")
    parser.add_argument("--only-shortened", action="store_true", help="no comparison, only --cycles")
    options = parser.parse_args()
    mirror = options.mirror or next(mirrors(), None)
    if mirror is None:
        sys.exit("no provider mirror found: name one with --mirror")
    variables = dict(variable.split("=", 1) for variable in options.var)
    with (
        bench(options.folder, mirror, options.override, variables) as made,
        tempfile.TemporaryDirectory() as scratch,
    ):
        copies = shortened_copies(made, options.cache or Path(scratch) / "cache", options.cap)
        if not options.only_shortened:
            compare(made.cycle([]), made.cycle([]), made.cycle(copies))
        measured = [made.cycle(copies) for _ in range(options.cycles)]
    for number, one in enumerate(measured, start=1):
        times = "  ".join(f"{name} {seconds:5.1f} s" for name, seconds in one.seconds.items())
        totals = "  ".join(f"{name} {calls.total()}" for name, calls in one.calls.items())
        print(f"cycle {number}: {times}; calls {totals}; second plan {len(one.second_plan)}; errors {len(one.errors)}")
        report("errors", one.errors, none="none")
    if measured:
        for name in ("apply", "plan", "destroy"):
            print(f"{name}: median of {len(measured)}: {statistics.median(m.seconds[name] for m in measured):.1f} s")


if __name__ == "__main__":
    main()
