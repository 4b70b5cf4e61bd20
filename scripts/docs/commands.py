"""The command line and the comments, as pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from bot.cli import app
from bot.core.lifecycle.requests import USAGE
from bot.core.policy import NEEDED
from bot.core.render.github.replies import DOES
from bot.core.render.markdown import code, fence, table

COMMENTS = "reference/comments.md"
COMMAND_LINE = "reference/command-line.md"


def command_line() -> str:
    """Every command with its arguments and options, as `--help` tells them."""
    root: Any = typer.main.get_command(app)
    parts = [
        "# The command line",
        f"{root.help} `genesis COMMAND --help` shows the same in the terminal.",
        "What the exit codes mean is told in the [README](../../README.md#exit-codes), what can be"
        " set for every run under [environment variables](environment.md).",
        "## Before the command",
        _options(root),
    ]
    for words, command in commands():
        parts += _command(words, command)
    return "\n\n".join(filter(None, parts)) + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """`genesis analyze` and the like, groups before what is in them."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        yield f"genesis {name}", command
        for sub, leaf in getattr(command, "commands", {}).items():
            yield f"genesis {name} {sub}", leaf


def _command(words: str, command: Any) -> Iterator[str]:
    yield f"{'##' if words.count(' ') == 1 else '###'} `{words}`"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    if hasattr(command, "commands"):
        return
    usage = " ".join([words, *command.collect_usage_pieces(_context(command, words))])
    yield fence(usage, "text")
    yield _options(command)
    examples = [line for line in (command.epilog or "").splitlines() if line.startswith("genesis ")]
    if examples:
        yield fence("\n".join(f"$ {line}" for line in examples), "console")


def _context(command: Any, words: str) -> typer.Context:
    return typer.Context(command, info_name=words)


def _options(command: Any) -> str:
    context = _context(command, "genesis")
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [(code(spelling), help_) for spelling, help_ in filter(None, records)]
    return table(("argument or option", "what it is"), rows) if rows else ""


def comments() -> str:
    """What a comment on GitHub may ask for."""
    rows = [(code(USAGE[verb]), does, f"`{NEEDED[verb]}`") for verb, does in DOES.items()]
    return "\n\n".join(
        [
            "# Commands in comments",
            "A command stands at the beginning of a line of a comment: on the labelled issue, on"
            " the issue of a stage, or on its pull request, where `stage N` may be left out."
            " Several may stand in one comment. Quotes, code and edited comments command nothing.",
            table(("command", "what it does", "role it needs"), rows),
            "The roles can be [configured](../configuration.md#permissions); what else there is to"
            " know is told with [the App](../github-app.md#commands).",
        ]
    )
