"""`genesis doctor`: what stands in the way of working here, and how to mend it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.extras import need_github
from bot.cli.output import screen
from bot.core.names import FULL_NAME
from bot.core.sanitize import one_line
from bot.errors import Exit, Misused, Unusable

if TYPE_CHECKING:
    from bot.core.render.paint import Paint
    from bot.flows.onboarding.check import Check
    from bot.settings import Settings

Target = Annotated[
    str, typer.Argument(metavar="[PATH|OWNER/REPO]", help="A directory, or a repository on GitHub.")
]
Build = Annotated[
    bool, typer.Option("--build", help="Also build the project and run its tests; a PATH only.")
]
Model = Annotated[
    bool, typer.Option("--model", help="Also ask the vendors for the models; a PATH only.")
]

Against = Annotated[
    str, typer.Option(help="Address of another GitHub than the settings name.", metavar="URL")
]

TokenFrom = Annotated[
    str,
    typer.Option(
        metavar="VARIABLE",
        help="Environment variable with a token of yours, GH_TOKEN say: looks where the App may"
        " not. It is only read with.",
    ),
]

NARROWEST = 30
"""Columns below which text is left to the terminal."""

_MARKS = {"ok": "ok", "warning": "warning", "failure": "FAILURE", "could-not-check": "not checked"}
_STYLES = {
    "ok": "green",
    "warning": "yellow",
    "failure": "bold red",
    "could-not-check": "dim",
}


def doctor(
    target: Target = ".",
    build: Build = False,
    model: Model = False,
    against: Against = "",
    token_from: TokenFrom = "",
    json_: JsonFlag = False,
) -> None:
    """Look at everything the work needs, and say of each failure how to mend it.

    Nothing is changed. What could not be looked at is said to be so, never called well.
    """
    screen.machine = json_
    path = Path(target).expanduser()
    if path.is_dir():
        _refuse({"--against": against, "--token-from": token_from}, "a repository on GitHub")
        checks = _of_place(path, build=build, model=model)
    elif FULL_NAME.match(target):
        _refuse({"--build": build, "--model": model}, "a directory")
        checks = _of_repository(target, against, token_from)
    else:
        raise Unusable(
            f"{target!r} is neither a directory nor OWNER/REPO",
            hint="name the directory of the project, or its repository on GitHub",
        )
    _tell(target, checks)


def _refuse(options: Mapping[str, object], only: str) -> None:
    for name, given in options.items():
        if given:
            raise Misused(f"{name} is for {only}, and the target is none")


def _of_repository(full_name: str, url: str, variable: str) -> tuple[Check, ...]:
    need_github("looking at a repository on GitHub")
    from pydantic import SecretStr

    from bot.flows.onboarding.github import examine
    from bot.server.registration import EVENTS

    settings = settings_for(url)
    if not variable:
        return examine(settings, full_name, EVENTS)
    token = settings.environment.get(variable, "").strip()
    if not token:
        raise Misused(f"{variable} is not set", hint="`export GH_TOKEN=$(gh auth token)`, say")
    screen.secrets = (*screen.secrets, token)
    return examine(settings, full_name, EVENTS, SecretStr(token))


def settings_for(url: str) -> Settings:
    """Of our App, also where `/setup` has written them; `url` names another GitHub."""
    from bot.flows.onboarding.github import against
    from bot.server.registration import app_settings

    settings = app_settings()
    screen.secrets = settings.secrets()
    return settings.model_copy(update=against(url)) if url else settings


def _of_place(path: Path, *, build: bool, model: bool) -> tuple[Check, ...]:
    from bot.cli.progress import RunProgress
    from bot.flows.onboarding.place import look_around
    from bot.flows.onboarding.place_checks import place_checks
    from bot.settings import load_settings

    settings = load_settings()
    screen.secrets = settings.secrets()
    with RunProgress(screen) as progress:
        return place_checks(look_around(path, settings, progress, model=model, build=build))


def _tell(target: str, checks: Sequence[Check]) -> None:
    from dataclasses import asdict

    from bot.flows.onboarding.check import OUTCOMES, failed

    counts = Counter(check.outcome for check in checks)
    screen.data(
        {
            "target": target,
            "checks": [asdict(check) for check in checks],
            "counts": {outcome: counts[outcome] for outcome in OUTCOMES},
        }
    )
    width = get_terminal_size().columns if sys.stdout.isatty() else 0
    screen.say(_text(checks, screen.paint, width))
    summary = ", ".join(f"{counts[o]} {_MARKS[o].lower()}" for o in OUTCOMES if counts[o])
    screen.say(f"\n{summary}")
    raise SystemExit(int(Exit.FINDINGS if failed(checks) else Exit.OK))


def _text(checks: Sequence[Check], paint: Paint, width: int) -> str:
    """The table; with a `width` what is longer goes on below its beginning."""
    mark = max(len(_MARKS[check.outcome]) for check in checks)
    name = max(len(check.name) for check in checks)
    lines: list[str] = []
    group = ""
    for check in checks:
        if check.group != group:
            group = check.group
            lines += ([""] if lines else []) + [paint(group, "bold")]
        shown = paint(_MARKS[check.outcome].ljust(mark), _STYLES[check.outcome])
        indent = " " * (mark + name + 6)
        says, *more = _wrapped(check.says, width - len(indent))
        lines.append(f"  {shown}  {check.name.ljust(name)}  {says}".rstrip())
        lines += [indent + line for line in more]
        if check.fix and check.outcome != "ok":
            fix, *more = _wrapped(check.fix, width - len(indent) - 5)
            lines.append(f"{indent}{paint(_lead(check), 'cyan')} {fix}")
            lines += [f"{indent}     {line}" for line in more]
    return "\n".join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    line = one_line(text)
    if room < NARROWEST:
        return [line]
    # Commands and addresses are copied from here: they are never broken.
    return wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]


def _lead(check: Check) -> str:
    """What could not be looked at is for a person to see, not to mend."""
    return "see:" if check.outcome == "could-not-check" else "fix:"
