"""Which programs change infrastructure, and by which of their commands: tables.

What is listed is what only reads; any other command of such a program counts as a change, also one that came after this
was written. Sources: each program's own reference of commands, named beside it.
"""

from __future__ import annotations

from enum import Enum

from diffing.record import dataclass
from gate.hook.words import HOLE


class Effect(Enum):
    """What a command does to infrastructure."""

    READ = "read"
    CHANGE = "change"
    UNCLEAR = "unclear"
    """It would be known if all of its words were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One program's commands."""

    reads: frozenset[str]
    """Commands, and commands with their sub-commands, that change nothing but local files."""
    valued: frozenset[str] = frozenset()
    """Options before the command whose value is a word of its own."""
    skipped: frozenset[str] = frozenset()
    """Words that stand before the command proper."""
    harmless_flags: frozenset[str] = frozenset()
    """Options that make any command a read."""
    changing_flags: frozenset[str] = frozenset()
    """Options that make any command a change."""
    bare: Effect = Effect.READ
    """What it does without a command."""


def _set(text: str) -> frozenset[str]:
    return frozenset(item.strip() for item in text.split(","))


# https://developer.hashicorp.com/terraform/cli/commands ; `test` creates real resources.
_TERRAFORM = Tool(
    reads=_set(
        "plan, init, validate, fmt, show, output, version, providers, graph, get, console, metadata, modules, login,"
        "logout, help, workspace list, workspace show, workspace select, state list, state show, state pull, query"
    ),
    changing_flags=_set("-migrate-state, -force-copy"),
)
# https://terragrunt.gruntwork.io/docs/reference/cli/
_TERRAGRUNT = Tool(
    reads=_TERRAFORM.reads
    | _set(
        "hclfmt, hcl, hclvalidate, render, render-json, graph-dependencies, dag, find, list, info,"
        "output-module-groups, terragrunt-info, validate-inputs, plan-all, validate-all, output-all, scaffold,"
        "catalog, stack generate, stack output"
    ),
    valued=_set(
        "--working-dir, --terragrunt-working-dir, --queue-include-dir, --queue-exclude-dir, --log-level, --config"
    ),
    skipped=_set("run-all, run, --, stack run"),
    changing_flags=_TERRAFORM.changing_flags,
)
_PLAYBOOK = Tool(
    reads=frozenset(),
    harmless_flags=_set("--check, -C, --syntax-check, --list-hosts, --list-tasks, --list-tags, --version"),
    bare=Effect.READ,
)

TOOLS = {
    "terraform": _TERRAFORM,
    "tofu": _TERRAFORM,
    "terragrunt": _TERRAGRUNT,
    # https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd.html
    "cdk": Tool(
        reads=_set(
            "synth, synthesize, ls, list, diff, doctor, init, context, docs, doc, metadata, notices, acknowledge, ack,"
            "version, drift, flags, completion"
        ),
        valued=_set("-a, --app, -c, --context, -o, --output, --profile, --region, -p, --plugin, --role-arn, -r"),
    ),
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-command-reference.html
    "sam": Tool(reads=_set("build, validate, local, init, logs, list, traces, docs, remote test-event list")),
    # https://www.pulumi.com/docs/iac/cli/commands/
    "pulumi": Tool(
        reads=_set(
            "preview, pre, about, version, whoami, logs, login, logout, new, help, console, gen-completion, package,"
            "plugin, schema, convert, stack ls, stack output, stack export, stack select, stack graph, stack history,"
            "config get, config, stack"
        ),
        valued=_set("-C, --cwd, -s, --stack, --color"),
    ),
    # https://www.serverless.com/framework/docs/providers/aws/cli-reference
    "serverless": Tool(
        reads=_set("package, print, info, logs, metrics, offline, invoke local, create, help, login, deploy list")
    ),
    # https://aws.github.io/copilot-cli/docs/commands/docs/
    "copilot": Tool(
        reads=_set(
            "version, docs, completion, help, app ls, app show, env ls, env show, svc ls, svc show, svc status,"
            "svc logs, svc package, job ls, job show, job logs, job package, env package, pipeline ls, pipeline show,"
            "pipeline status, run local"
        ),
    ),
    # https://eksctl.io/usage/schema/
    "eksctl": Tool(
        reads=_set(
            "get, info, version, completion, help, utils schema, utils describe-stacks,"
            "utils describe-addon-versions, utils write-kubeconfig"
        )
    ),
    # https://docs.amplify.aws/gen1/javascript/tools/cli/commands/
    "amplify": Tool(reads=_set("status, help, version, diagnose, codegen, env list, env get, configure, console")),
    "ampx": Tool(reads=_set("generate, info, help")),
    "chalice": Tool(reads=_set("local, logs, package, url, new-project, gen-policy, generate-sdk, generate-models")),
    "zappa": Tool(reads=_set("status, tail, init, package, template, shell")),
    "sst": Tool(reads=_set("diff, version, install, init, state list, state export, secret list")),
    # https://developer.hashicorp.com/packer/docs/commands
    "packer": Tool(reads=_set("validate, fmt, init, inspect, version, plugins, console, fix, hcl2_upgrade, help")),
    "rain": Tool(reads=_set("ls, cat, diff, fmt, tree, info, logs, watch, build, forecast, module, merge, help")),
    "ecs-cli": Tool(reads=_set("ps, logs, images, help, configure")),
    "eb": Tool(reads=_set("status, list, events, health, logs, printenv, init, use, labs, console, open, ssh")),
    # https://docs.ansible.com/ansible/latest/cli/ansible-playbook.html
    "ansible-playbook": _PLAYBOOK,
    "ansible-pull": _PLAYBOOK,
    "aws-nuke": Tool(reads=_set("version, help, resource-types, explain-config")),
    "cloud-nuke": Tool(reads=_set("help, inspect-aws, version")),
    "terraformer": Tool(reads=_set("import, plan, version")),
}
TOOLS["sls"] = TOOLS["serverless"]
TOOLS["cdktf"] = Tool(reads=_set("synth, diff, list, get, init, output, help, convert, provider, debug"))

PROGRAMS = frozenset({*TOOLS, "aws"})
"""All that change infrastructure by themselves."""

_HELP = frozenset({"help", "-h", "-help", "--help", "-version", "--version", "-v"})
_VERBS = frozenset(
    {"apply", "destroy", "import", "taint", "untaint", "deploy", "remove", "delete", "rm", "up", "update", "create"}
    | {"bootstrap", "push", "down", "apply-all", "destroy-all", "run-all", "sync", "terminate", "mv", "rb", "cp"}
)
_VERB_BEGINNINGS = (
    "delete-",
    "terminate-",
    "put-",
    "modify-",
    "create-",
    "update-",
    "remove-",
    "stop-",
    "run-",
    "reboot-",
)


def effect_of(program: str, arguments: tuple[str, ...]) -> Effect:
    """What a program of the table does.

    Args:
        program: Its name in `TOOLS`.
        arguments: What follows it.
    """
    tool = TOOLS[program]
    if not arguments:
        return tool.bare
    if arguments[0] in _HELP or (arguments[-1] in _HELP and len(arguments) == 2):  # noqa: PLR2004 - command and --help
        return Effect.READ
    if tool.changing_flags & {argument.partition("=")[0] for argument in arguments}:
        return Effect.CHANGE
    if tool.harmless_flags & set(arguments):
        return Effect.READ
    return _by_command(tool, _positional(tool, arguments))


def _by_command(tool: Tool, command: list[str]) -> Effect:
    if not command:
        return tool.bare
    path = command[0]
    if path in tool.reads:
        return Effect.READ
    if HOLE in path:
        return Effect.UNCLEAR
    if len(command) > 1:
        if f"{path} {command[1]}" in tool.reads:
            return Effect.READ
        if HOLE in command[1] and any(read.startswith(f"{path} ") for read in tool.reads):
            return Effect.UNCLEAR
    return Effect.CHANGE


def _positional(tool: Tool, arguments: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument.startswith("-") and argument != "--":
            skip = argument in tool.valued
        elif argument in tool.skipped and not found:
            continue
        else:
            found.append(argument)
    return found


def sounds_like_a_change(word: str) -> bool:
    """Whether a word is one by which programs of this kind are told to change something."""
    return word in _VERBS or word.startswith(_VERB_BEGINNINGS)
