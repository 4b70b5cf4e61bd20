"""`genesis action`: what the steps of the composite action call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from bot.errors import Exit, OtpError

if TYPE_CHECKING:
    from bot.flows.action_run.outcome import ActionOutcome
    from bot.flows.action_run.runner import Runner
    from bot.settings import Settings

app = typer.Typer(
    name="action",
    help="The steps of the composite action on GitHub Actions; they are not for people.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def prepare() -> None:
    """Check the inputs, and tell the steps that follow what the project needs."""
    from bot.flows.action_run.needs import needs_of

    runner, settings = _begin()
    try:
        order = runner.order()
        needs = needs_of(order, runner, settings)
    except OtpError as error:
        _end_refused(runner, error)
    runner.files.give(**needs.outputs())
    for line in needs.lines():
        _say(line)


@app.command()
def run() -> None:
    """Carry the command out; outputs are written whatever comes of it."""
    from bot.flows.action_run.carry_out import carry_out
    from bot.flows.stage_run.log_watch import LogWatch

    runner, settings = _begin()
    try:
        order = runner.order()
    except OtpError as error:
        _end_refused(runner, error)
    if order.command == "react":
        _react(runner)
        return
    watch = LogWatch(_say)
    try:
        outcome = carry_out(order, runner, settings, watch)
    except BaseException:
        # A bug, or a cancelled job: whoever reads the outputs is told that nothing is known.
        runner.files.give(status="error")
        raise
    finally:
        watch.close()
    _end(runner, outcome)


def _react(runner: Runner) -> None:
    """The serverless bot: it tells the page and the annotations of its own."""
    from bot.cli.react import react
    from bot.flows.action_run.outcome import stopped

    code = Exit.OK
    try:
        react()
    except typer.Exit as ended:
        code = Exit(ended.exit_code)
    except OtpError as error:
        _end(runner, stopped(error, "react"))
    except BaseException:
        runner.files.give(status="error")
        raise
    status = "ok" if code is Exit.OK else "failed"
    runner.files.give(status=status)
    _say(f"status: {status}")
    if code is not Exit.OK:
        raise SystemExit(int(code))


def _begin() -> tuple[Runner, Settings]:
    from bot.cli.output import screen
    from bot.flows.action_run.runner import Runner
    from bot.flows.stage_run.account import annotation
    from bot.settings import load_settings

    screen.logged = True
    try:
        settings = load_settings()
        screen.secrets = settings.secrets()
        return Runner.of(settings.environment), settings
    except OtpError as error:
        # Nobody knows where outputs go; action.yml says `error` then.
        _say(annotation("error", "otp-genesis", str(error)))
        raise


def _end_refused(runner: Runner, error: OtpError) -> NoReturn:
    from bot.flows.action_run.outcome import stopped

    _end(runner, stopped(error, ""))
    raise AssertionError("an error never ends well")


def _end(runner: Runner, outcome: ActionOutcome) -> None:
    """Tell everybody, and end with the outcome's exit code."""
    from bot.cli.output import screen
    from bot.core.sanitize import mask

    runner.files.summarize(mask(outcome.page, screen.secrets))
    runner.files.give(**outcome.outputs())
    for line in outcome.remarks:
        _say(line)
    _say(f"status: {outcome.status}")
    if outcome.code is not Exit.OK:
        raise SystemExit(int(outcome.code))


def _say(line: str) -> None:
    from bot.cli.output import screen

    screen.write(f"{line}\n")
