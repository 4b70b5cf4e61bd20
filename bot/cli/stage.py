"""`genesis stage`: what the jobs of the workflow that runs stages call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import screen
from bot.errors import Exit, OtpError

if TYPE_CHECKING:
    from bot.core.lifecycle.manifest import Handed
    from bot.flows.stage_run.approved import Approved
    from bot.flows.stage_run.job import Job
    from bot.flows.stage_run.log_watch import LogWatch
    from bot.flows.stage_run.order import StageOrder
    from bot.settings import Settings

app = typer.Typer(
    name="stage",
    help="The jobs of the workflow that runs a stage on GitHub Actions; they are not for people.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Code = Annotated[Path, typer.Option(help="Checkout of the base commit.")]
PlanFiles = Annotated[Path, typer.Option("--plan", help="Checkout of the plan's commit.")]
Hand = Annotated[Path, typer.Option(help="Folder of what the jobs hand to one another.")]


@app.command()
def tools(code: Code = Path("code"), plan: PlanFiles = Path("plan")) -> None:
    """Tell which Elixir and OTP are to be installed; nothing of the project is run."""
    from bot.codebase.paths import parts
    from bot.flows.action_run.elixir_wanted import wanted_versions
    from bot.flows.stage_run.account import log_line

    job, order, _, _ = _begin()
    path = _approved(plan, order).plan.path
    project = code.joinpath(*parts(path)) if path else code
    wanted = wanted_versions(project, code, elixir=order.elixir, otp=order.otp)
    _say(log_line(f"Elixir {wanted.elixir}, OTP {wanted.otp}: {wanted.source}"))
    kind = "strict" if wanted.exact else "loose"
    job.give(elixir=wanted.elixir, otp=wanted.otp, kind=kind)


@app.command()
def key(code: Code = Path("code"), plan: PlanFiles = Path("plan")) -> None:
    """Tell what a kept build belongs to: machine, system, Elixir and OTP."""
    from bot.flows.stage_run.opening import open_project
    from bot.flows.stage_run.prepare import build_key

    job, order, _, settings = _begin()
    approved = _approved(plan, order)
    job.give(key=build_key(open_project(code, approved.plan.path, order, settings)))


@app.command()
def prepare(
    code: Code = Path("code"),
    plan: PlanFiles = Path("plan"),
    hand: Hand = Path("hand"),
    kept: Annotated[Path, typer.Option(help="Folder of what a run before kept.")] = Path("kept"),
    hex_home: Annotated[Path, typer.Option("--hex", help="Folder for packages.")] = Path("hex"),
) -> None:
    """Fetch and compile the dependencies of the base; no secret is near."""
    from shutil import copyfile

    from bot.flows.stage_run.opening import open_project
    from bot.flows.stage_run.prepare import PREPARED_FILE
    from bot.flows.stage_run.prepare import prepare as prepare_

    job, order, watch, settings = _begin()
    approved = _approved(plan, order)
    repository = open_project(code, approved.plan.path, order, settings)
    hand.mkdir(parents=True, exist_ok=True)
    if job.kept:
        _say("a run before prepared this very base with these tools")
        copyfile(kept / PREPARED_FILE, hand / PREPARED_FILE)
        job.give(digest=_file_digest(hand / PREPARED_FILE), keep="false")
        return
    made = prepare_(repository, hand.absolute(), hex_home.absolute(), watch)
    digest = _file_digest(made.archive) if made.archive is not None else ""
    if made.archive is not None and made.keep:
        kept.mkdir(parents=True, exist_ok=True)
        copyfile(made.archive, kept / PREPARED_FILE)
    job.give(digest=digest, keep="true" if made.keep else "false")


@app.command()
def work(
    code: Code = Path("code"), plan: PlanFiles = Path("plan"), hand: Hand = Path("hand")
) -> None:
    """Carry the stage's actions out and hand the commits over as a manifest."""
    from bot.core.lifecycle.manifest import MANIFEST_FILE
    from bot.flows.stage_run.work import Work

    job, order, watch, settings = _begin()
    limited = settings.model_copy(update={"max_minutes": order.minutes, "max_usd": order.usd})
    approved = _approved(plan, order)
    attempt = Work(order)
    attempt.look_round(limited, watch)
    if not attempt.elsewhere:
        _unpack(job, code, hand, approved, order, limited)
    try:
        attempt.carry_out(code, approved, limited, watch)
    finally:
        watch.close()
    manifest = attempt.manifest(job.handed(order), limited)
    digest = _write(hand, MANIFEST_FILE, manifest)
    job.give(status=manifest.status, digest=digest)
    for reason in manifest.reasons:
        _annotate("warning", manifest.status, reason)


@app.command()
def verify(
    code: Code = Path("code"), plan: PlanFiles = Path("plan"), hand: Hand = Path("hand")
) -> None:
    """Apply the manifest to a fresh checkout and run every check again."""
    from bot.core.lifecycle.manifest import MANIFEST_FILE, MOST_MANIFEST, VERDICT_FILE, Manifest
    from bot.flows.stage_run.results import Results
    from bot.flows.stage_run.rules import read_handed
    from bot.flows.stage_run.verify import Verification

    job, order, watch, settings = _begin()
    approved = _approved(plan, order)
    _unpack(job, code, hand, approved, order, settings)
    data = _read(hand, MANIFEST_FILE, MOST_MANIFEST)
    digest = Results.of(job.results).digest("work")
    manifest = read_handed(Manifest, data, digest)
    try:
        verdict = Verification(order, manifest, digest, watch).verdict(
            job.handed(order), code, approved, settings
        )
    finally:
        watch.close()
    job.give(status=verdict.status, digest=_write(hand, VERDICT_FILE, verdict))
    for reason in verdict.reasons:
        _annotate("error", verdict.status, reason)


@app.command()
def publish(
    hand: Hand = Path("hand"),
    report: Annotated[Path, typer.Option(help="Folder for the outcome.")] = Path("report"),
) -> None:
    """Push what `verify` passed to a ref of its own, and report the outcome, whatever it is."""
    from tempfile import TemporaryDirectory

    from bot.core.lifecycle.outcome import OUTCOME_FILE
    from bot.flows.stage_run.account import run_page
    from bot.flows.stage_run.publish import Publication

    job, order, _, settings = _begin()
    with TemporaryDirectory(prefix="genesis-publish-") as scratch:
        outcome = Publication(job, order, hand, Path(scratch), settings).carry_out()
    report.mkdir(parents=True, exist_ok=True)
    (report / OUTCOME_FILE).write_text(outcome.model_dump_json(indent=2), encoding="utf-8")
    job.files.summarize(run_page(outcome))
    job.give(status=outcome.status)
    _say(f"{outcome.status}: {outcome.commit or 'no commit'}")
    for reason in outcome.reasons:
        _annotate("error", outcome.status, reason)
    if outcome.status not in ("published", "nothing"):
        raise SystemExit(int(Exit.UNRESOLVED))


def _begin() -> tuple[Job, StageOrder, LogWatch, Settings]:
    """Who we are and what is asked for; raises `Unusable`."""
    from bot.flows.stage_run.job import Job
    from bot.flows.stage_run.log_watch import LogWatch
    from bot.settings import load_settings

    screen.logged = True
    settings = load_settings()
    if aside := settings.environment.get("RUNNER_TEMP"):
        # What a job before left on a machine that is used again is nothing to build upon.
        settings = settings.model_copy(update={"cache_dir": Path(aside) / "genesis-cache"})
    screen.secrets = settings.secrets()
    job = Job.of(settings.environment)
    try:
        order = job.order()
    except OtpError as error:
        _annotate("error", "genesis", str(error))
        raise
    _say(f"{order.run_name}: {order.cause}, base {order.base}")
    return job, order, LogWatch(_say), settings


def _approved(plan: Path, order: StageOrder) -> Approved:
    from bot.flows.stage_run.approved import read_approved

    return read_approved(plan, order)


def _unpack(
    job: Job, code: Path, hand: Path, approved: Approved, order: StageOrder, settings: Settings
) -> None:
    """What `prepare` handed over, if it handed over anything; raises `Refused` for another file."""
    from bot.errors import Refused
    from bot.flows.stage_run.opening import open_project
    from bot.flows.stage_run.prepare import PREPARED_FILE, unpack
    from bot.flows.stage_run.results import Results

    digest = Results.of(job.results).digest("prepare")
    if not digest:
        return
    archive = hand / PREPARED_FILE
    if _file_digest(archive) != digest:
        raise Refused("what `prepare` packed is not what it told of: the digests differ")
    repository = open_project(code, approved.plan.path, order, settings)
    unpack(archive, repository, settings.environment)


def _file_digest(path: Path) -> str:
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _read(hand: Path, name: str, limit: int) -> bytes:
    from bot.codebase.files import WorkFiles

    return WorkFiles(hand).read_bytes(name, limit)


def _write(hand: Path, name: str, record: Handed) -> str:
    """Write a record and give its digest."""
    from bot.flows.stage_run.results import digest_of

    hand.mkdir(parents=True, exist_ok=True)
    data = record.model_dump_json().encode()
    (hand / name).write_bytes(data)
    return digest_of(data)


def _say(line: str) -> None:
    typer.echo(line)


def _annotate(kind: str, title: str, message: str) -> None:
    from bot.flows.stage_run.account import annotation

    _say(annotation(kind, title, message))
