"""Removing runs and their logs."""

from __future__ import annotations

from bot.simulator.actions.service.engine import Engine
from bot.simulator.records.actions import Artifact, Run


def remove_run(engine: Engine, run: Run) -> None:
    """With its jobs, their checks, logs and artifacts; the attestations stay, as on GitHub."""
    tables = engine.world.tables
    remove_logs(engine, run)
    for artifact in tables.artifacts.where("run", run.id):
        remove_artifact(engine, artifact)
    for job in tables.jobs.where("run", run.id):
        engine.storage.drop_summary(job.id)
        check = tables.check_runs.get(job.check_run_id)
        if check is not None:
            tables.check_runs.remove(check)
        tables.jobs.remove(job)
    suite = tables.suites.get(run.suite_id)
    if suite is not None:
        tables.suites.remove(suite)
    tables.runs.remove(run)


def remove_logs(engine: Engine, run: Run) -> None:
    for job in engine.world.tables.jobs.where("run", run.id):
        engine.storage.drop_logs(job.id)


def remove_artifact(engine: Engine, artifact: Artifact) -> None:
    engine.world.tables.artifacts.remove(artifact)
    engine.storage.drop(engine.storage.artifact(artifact.id))
