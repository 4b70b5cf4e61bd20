"""`genesis replay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.extras import need_github
from bot.cli.output import screen
from bot.errors import Exit

if TYPE_CHECKING:
    from bot.core.events import Hint
    from bot.core.lifecycle.commands import Command
    from bot.flows.react.recorded import Replayed

SHOWN = 12
"""Lines of a text that are shown; `--json` has all of it."""


def replay(
    delivery: Annotated[Path, typer.Argument(help="JSON of a delivery, or of its payload alone.")],
    event: Annotated[
        str, typer.Option(help="Which event a payload is; a whole delivery says so itself.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the next writes instead of making them.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """React once more to a delivery that was kept in a file; a server may run beside.

    What GitHub shows now counts, not what it showed then.
    """
    screen.machine = json_
    need_github("replaying")
    from bot import log
    from bot.flows.react.recorded import Recorded
    from bot.flows.react.recorded import replay as react
    from bot.server.registration import app_settings

    settings = app_settings()
    screen.secrets = settings.secrets()
    log.set_up(0, secrets=screen.secrets)
    hints: list[Hint] = []
    found = react(settings, Recorded.read(delivery, event), dry=dry_run, told=hints.append)
    screen.data(
        {
            "hint": hints[0].model_dump(mode="json") if hints else None,
            "dry_run": dry_run,
            "plans": [_data(one, dry_run) for one in found],
        }
    )
    _say_about(hints, dry_run)
    for one in found:
        _say(one, dry_run)
    if any(one.reaction.problems for one in found):
        raise typer.Exit(int(Exit.UNRESOLVED))


def _say_about(hints: list[Hint], dry: bool) -> None:
    if not hints:
        screen.say("nothing in it is for us")
    elif hints[0].scope == "config":
        what = "would be looked at" if dry else "was looked at"
        screen.say(f"the configuration of {hints[0].repository} {what}")


def _data(one: Replayed, dry: bool) -> dict[str, Any]:
    reaction = one.reaction
    commands = one.would if dry else reaction.done
    return {
        "repository": one.repository,
        "plan": one.plan,
        "status": reaction.life.status if reaction.life is not None else None,
        "commands": [command.model_dump(mode="json") for command in commands],
        "problems": list(reaction.problems),
    }


def _say(one: Replayed, dry: bool) -> None:
    life = one.reaction.life
    place = f"{one.repository} plan {one.plan}"
    if life is None:
        screen.say(f"{place}: there is none, and nobody asks for one")
        return
    commands = one.would if dry else one.reaction.done
    what = "writes would follow" if dry else "commands carried out"
    screen.say(f"{place}: {life.status}; {len(commands)} {what}")
    for command in commands:
        screen.say(said(command))
    for problem in one.reaction.problems:
        screen.say(f"  refused: {problem}")


def said(command: Command) -> str:
    """A command for people: short values on its line, texts below."""
    values = command.model_dump(mode="json", exclude={"kind"})
    texts = {n: v for n, v in values.items() if isinstance(v, str) and "\n" in v.strip()}
    short = [f"{n}={_short(v)}" for n, v in values.items() if n not in texts and v not in ("", [])]
    lines = [f"  {getattr(command, 'kind', 'command')} {' '.join(short)}".rstrip()]
    for name, text in texts.items():
        lines.append(f"    {name}:")
        rows = screen.quote(text.strip()).splitlines()
        lines += [f"    | {row}" for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            lines.append(f"    | … {len(rows) - SHOWN} more lines")
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    shown = screen.quote(" ".join(text.split()))
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
