"""What engines that run as children must do, and must never do; what all must do: `test_engine_contract.py`."""

from __future__ import annotations

import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from engine_clients import ACCOUNT, PATIENCE, PUBLIC_PORT, client, eventually, new_role, queues

from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.moto import MotoEngine
from sandbox.engines.process import start_child
from sandbox.errors import EngineError, MissingToolError
from sandbox.ports import Engine, RunningEngine
from sandbox.rehearsal import EngineInfo

pytestmark = pytest.mark.engine

ENGINES: dict[str, tuple[Engine, str, str]] = {
    # name: the engine, its package, the path of its administration
    "ministack": (MiniStackEngine(), "ministack", "/_ministack/reset"),
    "moto": (MotoEngine(), "moto", "/moto-api/reset"),
}


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(name: str) -> Engine:
    return ENGINES[name][0]


@pytest.fixture
def running(engine: Engine, tmp_path: Path) -> Iterator[RunningEngine]:
    with engine.start(tmp_path, public_port=PUBLIC_PORT) as started:
        yield started


class TestEveryChild:
    def test_listens_on_its_loopback_port_alone(self, running: RunningEngine) -> None:
        provoke_listeners(running)

        process = process_of(running)
        inet = process.net_connections(kind="inet")
        assert [c.laddr for c in inet if c.status == psutil.CONN_LISTEN] == [("127.0.0.1", port_of(running))]
        assert [c for c in inet if c.type == socket.SOCK_DGRAM] == []
        assert process.children(recursive=True) == []

    def test_its_administration_is_out_of_reach(self, name: str, running: RunningEngine) -> None:
        client(running, "sqs").create_queue(QueueName="orders")

        connection = http.client.HTTPConnection("127.0.0.1", port_of(running), timeout=PATIENCE)
        connection.request("POST", ENGINES[name][2])
        status = connection.getresponse().status
        connection.close()

        assert status == 403
        assert len(queues(running)) == 1

    def test_delivers_nothing_outside(self, running: RunningEngine) -> None:
        with socket.create_server(("127.0.0.1", 0)) as outside:
            address = outside.getsockname()
            sns = client(running, "sns")
            topic = sns.create_topic(Name="news")["TopicArn"]
            sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{address[1]}/")
            # An engine that delivers while the caller waits may answer with an error.
            attempt(lambda: sns.publish(TopicArn=topic, Message="secret"))

            assert eventually(lambda: f"refused to send to {address}" in running.log_tail(200))
            outside.settimeout(0)
            with pytest.raises(BlockingIOError):
                outside.accept()


class TestFunctions:
    """A function is a resource like any other; its code is the change's own, and is never run."""

    def test_can_be_managed_but_are_never_run(self, running: RunningEngine, tmp_path: Path) -> None:
        marker = tmp_path / "the-code-ran"
        code = f"def handler(event, context):\n    open({str(marker)!r}, 'w').close()\n    return 'done'\n"
        functions = client(running, "lambda")
        functions.create_function(
            FunctionName="work",
            Runtime="python3.12",
            Role=new_role(running),
            Handler="work.handler",
            Code={"ZipFile": zipped("work.py", code)},
        )
        functions.update_function_configuration(FunctionName="work", Timeout=7)

        assert functions.get_function(FunctionName="work")["Configuration"]["Timeout"] == 7
        # No success is made up: who waits for the answer is told that the function failed.
        assert functions.invoke(FunctionName="work")["FunctionError"]
        functions.invoke(FunctionName="work", InvocationType="Event")
        assert process_of(running).children(recursive=True) == []
        assert not marker.exists()

        # The same code does leave its mark where it is run.
        subprocess.run([sys.executable, "-c", f"{code}\nhandler(None, None)"], check=True)
        assert marker.exists()


class TestLifetime:
    def test_ends_with_its_context(self, engine: Engine, tmp_path: Path) -> None:
        with engine.start(tmp_path, public_port=PUBLIC_PORT) as started:
            process = process_of(started)
        assert gone(process)
        assert not started.alive()

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_ends_with_an_error_inside_its_context(
        self, engine: Engine, tmp_path: Path, error: type[BaseException]
    ) -> None:
        processes = []

        def use() -> None:
            with engine.start(tmp_path, public_port=PUBLIC_PORT) as started:
                processes.append(process_of(started))
                raise error

        with pytest.raises(error):
            use()
        assert [gone(process) for process in processes] == [True]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_ends_with_its_parent(self, engine: Engine, tmp_path: Path, number: signal.Signals) -> None:
        program = textwrap.dedent(f"""
            import sys
            from pathlib import Path
            from {type(engine).__module__} import {type(engine).__name__} as Engine
            with Engine().start(Path({str(tmp_path)!r}), public_port={PUBLIC_PORT}) as started:
                print(started.process.pid, flush=True)
                sys.stdin.read()
        """)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        ) as parent:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            assert child.is_running()
            parent.send_signal(number)
            parent.wait(PATIENCE)
        assert gone(child)

    def test_outlives_the_thread_that_started_it(self, engine: Engine, tmp_path: Path) -> None:
        with ExitStack() as stack:
            started: list[RunningEngine] = []
            thread = threading.Thread(
                target=lambda: started.append(
                    stack.enter_context(engine.start(tmp_path, public_port=PUBLIC_PORT)),
                ),
            )
            thread.start()
            thread.join()

            assert client(started[0], "sts").get_caller_identity()["Account"] == ACCOUNT
            assert started[0].alive()

    def test_a_killed_engine_is_not_alive(self, running: RunningEngine) -> None:
        process = process_of(running)
        process.kill()

        # Its first thread is shown as a zombie while its other threads still end, and only then it can be waited for.
        assert gone(process)
        assert eventually(lambda: not running.alive())

    def test_four_start_at_once(self, engine: Engine, tmp_path: Path) -> None:
        def start(number: int) -> RunningEngine:
            return stack.enter_context(engine.start(tmp_path / str(number), public_port=PUBLIC_PORT + number))

        with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
            started = list(pool.map(start, range(4)))
            urls = [client(clone, "sqs").create_queue(QueueName="q")["QueueUrl"] for clone in started]

            assert len({clone.endpoint for clone in started}) == 4
            assert [url.split("/")[2] for url in urls] == [f"127.0.0.1:{PUBLIC_PORT + n}" for n in range(4)]
            assert [queues(clone) for clone in started] == [[url] for url in urls]

    def test_inherits_neither_credentials_nor_proxies(
        self, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inherited = {
            "AWS_SECRET_ACCESS_KEY": "planted-secret",
            "AWS_PROFILE": "planted-profile",
            "HTTPS_PROXY": "http://planted-proxy:1",
            "DOCKER_HOST": "unix:///planted/docker.sock",
            "GITHUB_TOKEN": "planted-token",
        }
        for variable, value in inherited.items():
            monkeypatch.setenv(variable, value)

        with engine.start(tmp_path, public_port=PUBLIC_PORT) as started:
            environment = process_of(started).environ()
            folder = process_of(started).cwd()

        assert [value for value in environment.values() if "planted" in value] == []
        assert [variable for variable in environment if variable.startswith("AWS_")] == []
        assert environment["HOME"] == folder == str(tmp_path)
        assert Path(environment["TMPDIR"]).is_relative_to(tmp_path)


class TestStartFailures:
    def test_a_missing_package_is_named_with_its_remedy(
        self, name: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Python's own way to say that a module cannot be imported.
        monkeypatch.setitem(sys.modules, ENGINES[name][1], None)

        with pytest.raises(MissingToolError) as caught, engine.start(tmp_path, public_port=PUBLIC_PORT):
            pass
        assert name in caught.value.message
        assert "pip install" in caught.value.hint

    def test_an_unusable_folder_is_an_engine_error(self, engine: Engine, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.touch()

        with pytest.raises(EngineError, match="could not be started"), engine.start(file, public_port=PUBLIC_PORT):
            pass

    def test_a_child_that_ends_is_reported_with_its_log(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plant(tmp_path, monkeypatch, "broken_engine", "raise SystemExit('the disk is on fire')")

        with pytest.raises(EngineError) as caught, start_planted(tmp_path, "broken_engine"):
            pass
        assert "ended with status 1" in caught.value.message
        assert "the disk is on fire" in caught.value.message
        assert caught.value.hint

    def test_a_child_that_never_answers_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(1000)\n"
        plant(tmp_path, monkeypatch, "silent_engine", source)

        with pytest.raises(EngineError) as caught, start_planted(tmp_path, "silent_engine", ready_within=1.0):
            pass
        assert "did not answer within 1 s" in caught.value.message
        assert not psutil.pid_exists(int(caught.value.message.splitlines()[-1]))

    def test_a_child_that_ignores_the_request_to_end_is_killed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(os.getpid(), flush=True)
            time.sleep(1000)
        """
        plant(tmp_path, monkeypatch, "stubborn_engine", source)

        with pytest.raises(EngineError) as caught, start_planted(tmp_path, "stubborn_engine", ready_within=1.0):
            pass
        assert not psutil.pid_exists(int(caught.value.message.splitlines()[-1]))


class TestConfinement:
    """The primitives that every way out needs, tried in a process that has confined itself."""

    @pytest.mark.parametrize(
        "attempt_at",
        [
            "import subprocess; subprocess.run(['true'])",
            "import os; os.system('true')",
            "import os; os.fork()",
            "import os; os.execv('/bin/true', ['true'])",
            "import os; os.posix_spawn('/bin/true', ['true'], {})",
            "import socket; socket.create_server(('127.0.0.1', 0))",
            "import socket; socket.create_connection(('127.0.0.1', 9))",
            "import socket; socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
            "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
            "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))",
            "import socket; socket.getaddrinfo('example.com', 80)",
            "import socket; socket.gethostbyname('example.com')",
        ],
    )
    def test_refuses(self, attempt_at: str) -> None:
        program = textwrap.dedent(f"""
            from sandbox.engines.child import Child
            Child(listener=0, port=1, public_port=2).confine()
            try:
                {attempt_at}
            except PermissionError as error:
                print(error)
        """)
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "An engine may not " in done.stdout
        assert done.stderr.startswith("refused to ")


class TestMoto:
    def test_says_501_where_it_does_not_implement_a_call(self, tmp_path: Path) -> None:
        with MotoEngine().start(tmp_path, public_port=PUBLIC_PORT) as running:
            for call in (
                client(running, "ec2").describe_bundle_tasks,
                lambda: client(running, "sqs").cancel_message_move_task(TaskHandle="handle"),
            ):
                with pytest.raises(ClientError) as caught:
                    call()
                assert caught.value.response["Error"]["Code"] == "NotImplemented"
                assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def provoke_listeners(running: RunningEngine) -> None:
    """Create what an engine may want to open a port of its own for."""
    client(running, "dsql").create_cluster()
    client(running, "transfer").create_server()
    client(running, "iot").create_thing(thingName="sensor")
    client(running, "elasticache").create_cache_cluster(
        CacheClusterId="cache", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1
    )
    client(running, "rds").create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="admin1",
        MasterUserPassword="planted-password",
    )


def attempt(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return call()
    except (ClientError, ResponseParserError):
        return None


def zipped(member: str, content: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(member, content)
    return archive.getvalue()


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str) -> None:
    (folder / f"{module}.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(folder))


def start_planted(folder: Path, module: str, *, ready_within: float = PATIENCE) -> Any:
    return start_child(
        module,
        info=EngineInfo(name=module, version="1"),
        scratch=folder / "scratch",
        public_port=PUBLIC_PORT,
        settings={},
        ready_within=ready_within,
    )


def port_of(running: RunningEngine) -> int:
    return int(running.endpoint.rpartition(":")[2])


def process_of(running: RunningEngine) -> psutil.Process:
    [process] = [
        child
        for child in psutil.Process().children()
        if any(c.laddr == ("127.0.0.1", port_of(running)) for c in child.net_connections(kind="inet"))
    ]
    return process


def gone(process: psutil.Process) -> bool:
    """Whether the process ends; one that only waits for its parent to read its status has ended."""
    return eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
