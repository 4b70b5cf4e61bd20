"""How pipeline runs read in a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.core.render.paint import Paint
from bot.core.sanitize import one_line
from bot.core.usage import Usage
from bot.pipeline.record.runs import Run, RunRecord
from bot.pipeline.results import RunResult, StepResult

_MARKS = {"succeeded": "ok", "failed": "failed", "skipped": "skipped"}


def step_line(path: str, result: StepResult) -> str:
    """One ended step: how, where, by whom, how long, at what cost."""
    where = path.partition("/")[2] or path
    facts = [result.model, f"{result.seconds:.1f} s", *_costs(result.usage)]
    if result.cached:
        facts.append("kept from before")
    what = f"{_MARKS[result.status]:<8}{where}  ({', '.join(filter(None, facts))})"
    return f"{what}: {one_line(str(result.error))[:300]}" if result.error else what


def spent(usage: Usage) -> str:
    """What models were paid, in a line; empty where none was."""
    costs = ", ".join(_costs(usage))
    return f"{usage.calls} model calls: {costs}" if costs else ""


def _costs(usage: Usage) -> Iterator[str]:
    if not usage.calls:
        return
    yield f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    if usage.cached_tokens:
        yield f"{usage.cache_share:.0%} from cache"
    if usage.usd:
        yield f"${usage.usd:.4f}"
    if usage.unpriced_calls:
        yield "no known price"


def answer(result: RunResult) -> str:
    """What the pipeline gives: its outputs, or what its last step that ran answered."""
    if result.status != "succeeded":
        return ""
    if result.outputs:
        return f"{json.dumps(dict(result.outputs), ensure_ascii=False, indent=2, default=str)}\n"
    ran = [step for step in result.steps.values() if step.status == "succeeded"]
    return f"{ran[-1].text.rstrip()}\n" if ran and ran[-1].text.strip() else ""


def is_prose(result: RunResult) -> bool:
    """Whether that answer is a model's text, which is laid out; data and patches are not."""
    ran = [step for step in result.steps.values() if step.status == "succeeded"]
    return bool(not result.outputs and ran and ran[-1].model and ran[-1].data is None)


def closing(run: Run, record: RunRecord, result: RunResult) -> Iterator[str]:
    """Where things are, and how to look at them."""
    yield f"run {record.id} {record.status}{_total(record.usage)}"
    if record.branch:
        yield f"commits: git log {record.commit[:10]}..{record.branch}"
    if run.patch.is_file():
        yield f"not committed: git apply {run.patch}"
    if run.outputs.is_dir() and any(run.outputs.iterdir()):
        yield f"files: {run.outputs}"
    yield f"look back: genesis pipeline show {record.id}"


def _total(usage: Mapping[str, float]) -> str:
    calls = int(usage.get("calls", 0))
    if not calls:
        return ""
    read, written = int(usage["input_tokens"]), int(usage["output_tokens"])
    share = usage["cached_tokens"] / read if read else 0
    money = f", ${usage['usd']:.4f}" if usage["usd"] else ""
    unknown = ", prices unknown" if usage["unpriced_calls"] else ""
    return (
        f": {calls} model calls, {read:,} + {written:,} tokens, {share:.0%} of the input"
        f" from cache{money}{unknown}"
    )


def report_json(run: Run, record: RunRecord, result: RunResult) -> dict[str, Any]:
    """Everything a machine may want to know of an ended run."""
    return {
        **record_json(run, record),
        "outputs": dict(result.outputs),
        "steps": {
            name: {
                "status": step.status,
                "data": step.data,
                "text": step.text,
                "error": str(step.error) if step.error else "",
            }
            for name, step in result.steps.items()
        },
    }


def record_json(run: Run, record: RunRecord) -> dict[str, Any]:
    """A run's record with where its files are."""
    facts = record.model_dump(mode="json", exclude={"format", "key"})
    patch = str(run.patch) if run.patch.is_file() else ""
    return {**facts, "directory": str(run.directory), "patch": patch}


def runs_table(runs: list[tuple[Run, RunRecord]], paint: Paint) -> str:
    """A line per run, newest first."""
    colours = {"succeeded": "green", "failed": "bold red", "interrupted": "yellow"}
    lines = []
    for _, record in runs:
        status = paint(f"{record.status:<11}", colours.get(record.status, "cyan"))
        cost = f"${record.usage['usd']:.4f}" if record.usage.get("usd") else ""
        lines.append(f"{record.id:<44} {status} {_age(record.started):>10}  {cost}".rstrip())
    return "\n".join(lines)


def _age(then: datetime) -> str:
    seconds = int((datetime.now(UTC) - then).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{max(seconds, 0)} s ago"
