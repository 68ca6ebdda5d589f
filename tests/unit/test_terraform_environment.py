from __future__ import annotations

from pathlib import Path

from sandbox.executors.terraform.environment import Surroundings, cache_folder, for_commands, for_init

PLANTED = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "planted-secret",
    "AWS_SESSION_TOKEN": "planted-secret",
    "AWS_PROFILE": "prod",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/planted-secret",
    "AWS_CA_BUNDLE": "/etc/planted-secret",
    "AWS_ENDPOINT_URL_S3": "https://planted-secret",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://planted-secret",
    "GOOGLE_APPLICATION_CREDENTIALS": "/planted-secret",
    "ARM_CLIENT_SECRET": "planted-secret",
    "GITHUB_TOKEN": "planted-secret",
    "VAULT_TOKEN": "planted-secret",
    "SSH_AUTH_SOCK": "/planted-secret",
    "KUBECONFIG": "/planted-secret",
    "DOCKER_HOST": "unix:///planted-secret",
    "TF_LOG": "trace",
    "TF_CLI_ARGS": "-destroy",
    "TF_CLI_ARGS_apply": "-destroy",
    "TF_REATTACH_PROVIDERS": "{}",
    "LD_PRELOAD": "/planted-secret",
}
INNOCENT = {"PATH": "/bin", "LANG": "C.UTF-8", "TF_VAR_size": "3", "HOME": "/home/me", "HTTPS_PROXY": "http://proxy:1"}


def commands(tmp_path: Path, inherited: dict[str, str], workspace: str = "default") -> dict[str, str]:
    surroundings = Surroundings.create(
        tmp_path, endpoint="http://127.0.0.1:4566", account="123456789012", region="eu-west-1"
    )
    return for_commands(
        inherited,
        surroundings,
        endpoint="http://127.0.0.1:5000",
        account="123456789012",
        region="eu-west-1",
        workspace=workspace,
    )


def test_nothing_but_the_allowlist_is_passed_on(tmp_path: Path) -> None:
    assert commands(tmp_path, PLANTED | INNOCENT) == commands(tmp_path, INNOCENT)
    assert "planted-secret" not in repr(commands(tmp_path, PLANTED))


def test_commands_get_the_clone_and_a_home_of_their_own(tmp_path: Path) -> None:
    environment = commands(tmp_path, PLANTED | INNOCENT)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert environment["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert environment["TF_VAR_size"] == "3"
    assert "TF_WORKSPACE" not in environment
    for name in ("HOME", "TMPDIR", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        path = Path(environment[name])
        assert path.is_relative_to(tmp_path)
        assert path.exists()


def test_the_workspace_is_kept(tmp_path: Path) -> None:
    assert commands(tmp_path, INNOCENT, workspace="prod")["TF_WORKSPACE"] == "prod"


def test_init_sees_the_users_home_and_proxies_and_still_no_credentials(tmp_path: Path) -> None:
    base = commands(tmp_path, PLANTED | INNOCENT)
    environment = for_init(base, PLANTED | INNOCENT, cli_config=tmp_path / "tfrc", plugin_cache=tmp_path / "plugins")
    assert environment["HOME"] == "/home/me"
    assert environment["HTTPS_PROXY"] == "http://proxy:1"
    assert environment["TF_CLI_CONFIG_FILE"] == str(tmp_path / "tfrc")
    assert environment["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "plugins")
    assert "planted-secret" not in repr(environment)
    assert not any(name.startswith("AWS_") for name in environment)
    assert "TF_CLI_CONFIG_FILE" not in for_init(base, INNOCENT, cli_config=None, plugin_cache=None)


def test_the_cache_folder_follows_xdg() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/sandtable")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/sandtable")
    assert cache_folder({}) is None


def test_every_other_web_request_goes_to_the_recorder_and_init_is_left_alone(tmp_path: Path) -> None:
    surroundings = Surroundings.create(
        tmp_path, endpoint="http://127.0.0.1:4566", account="111122223333", region="eu-west-1"
    )
    own = {"HTTPS_PROXY": "http://proxy.example:3128", "PATH": "/bin"}

    commands = for_commands(
        own, surroundings, endpoint="http://127.0.0.1:4000", account="111122223333", region="eu-west-1"
    )

    assert {commands[name] for name in ("HTTP_PROXY", "https_proxy", "HTTPS_PROXY")} == {"http://127.0.0.1:4000"}
    assert commands["NO_PROXY"] == "127.0.0.1,localhost"
    init = for_init(commands, own, cli_config=None, plugin_cache=None)
    assert init["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert "HTTP_PROXY" not in init
    assert "NO_PROXY" not in init


def test_the_aws_cli_is_led_to_the_clone_where_it_knows_other_hosts(tmp_path: Path) -> None:
    made = Surroundings.create(tmp_path, endpoint="http://127.0.0.1:4566", account="1" * 12, region="us-east-1")
    lines = made.aws_aliases.read_text().splitlines()
    assert made.aws_aliases == made.home / ".aws" / "cli" / "alias"
    assert lines[0] == "[toplevel]"
    assert "rds = rds --endpoint-url http://127.0.0.1:4566" in lines
    assert "sqs = sqs --endpoint-url http://127.0.0.1:4566" in lines
