"""How a run that has ended reads: its steps, what was said, and how a replay compares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.cli.pipeline_text import record_json
from bot.core.render.paint import Paint
from bot.core.sanitize import one_line

if TYPE_CHECKING:
    from bot.flows.pipelines.history import History
    from bot.flows.pipelines.replay import ReplayReport

_STYLES = {"succeeded": "green", "failed": "bold red", "skipped": "dim"}


def as_text(history: History, paint: Paint) -> str:
    """A run's head, a line per step, and the sums."""
    record, run = history.record, history.run
    lines = [
        f"{paint(record.id, 'bold')}  {record.status}"
        + (f", begun {record.lives} times" if record.lives > 1 else ""),
        f"pipeline  {record.workflow} ({record.file})",
        f"started   {record.started:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if record.repository:
        lines.append(f"code      {record.repository} at {record.commit[:10] or 'no commit'}")
    if record.branch:
        lines.append(f"branch    {record.branch}")
    if run.patch.is_file():
        lines.append(f"patch     {run.patch}")
    lines += ["", *_steps(history, paint), "", _sums(history)]
    if record.error:
        lines.append(f"ended by  {record.failed_step}: {one_line(record.error)}")
        lines += [f"next      {one_line(record.hint)}"] if record.hint else []
    return "\n".join(lines)


def _steps(history: History, paint: Paint) -> Iterator[str]:
    for line in history.steps:
        status = str(line.get("status", ""))
        path = str(line.get("path", "")).partition("/")[2]
        depth = path.count("/")
        name = "  " * depth + path.rpartition("/")[2]
        cost = _cost(line)
        yield (
            f"{paint(f'{status:<9}', _STYLES.get(status, ''))} {name:<34} "
            f"{line.get('seconds', 0):>7.2f} s  {line.get('model', '')}{cost}"
        ).rstrip()
        if line.get("error"):
            yield f"          {'  ' * depth}{one_line(str(line['error']))[:300]}"


def _cost(line: Mapping[str, Any]) -> str:
    if line.get("checkpoint"):
        return "  kept from before"
    if not line.get("calls"):
        return ""
    money = f"  ${line['usd']:.4f}" if line.get("usd") else ""
    cached = f" ({line['tokens_cached']:,} from cache)" if line.get("tokens_cached") else ""
    return f"  {line['tokens_in']:,} + {line['tokens_out']:,} tokens{cached}{money}"


def _sums(history: History) -> str:
    usage = history.record.usage
    if not usage.get("calls"):
        return "no model was paid"
    read = int(usage["input_tokens"])
    share = usage["cached_tokens"] / read if read else 0.0
    price = "prices unknown" if usage["unpriced_calls"] else f"${usage['usd']:.4f}"
    return (
        f"{int(usage['calls'])} calls, {read:,} tokens read ({share:.0%} from cache), "
        f"{int(usage['output_tokens']):,} written, {price}"
    )


def as_json(history: History) -> dict[str, Any]:
    """For machines: the record, the trace and the results."""
    record = record_json(history.run, history.record)
    return {**record, "trace": list(history.steps), **history.results}


def conversation(found: tuple[Mapping[str, Any], ...], paint: Paint) -> str:
    """What was asked and answered, call by call; what was asked before is not said again."""
    said: set[str] = set()
    lines: list[str] = []
    for line in found:
        reply = line.get("reply") or {}
        lines.append(paint(f"--- {line['where']}  {reply.get('model', '')}".rstrip(), "bold"))
        for _, place, key in line["asked"]:
            # What the model itself said before stands above, as the answer to that call.
            if key in said or place.endswith(", assistant"):
                continue
            said.add(key)
            text = line["texts"].get(key, "")
            lines += [paint(f"[{place}]", "cyan"), text] if text.strip() else []
        if failed := line.get("failed"):
            lines += [paint("[failed]", "red"), str(failed["message"]), ""]
        else:
            lines += [paint("[answer]", "green"), _answer(reply), ""]
    return "\n".join(lines)


def _answer(reply: Mapping[str, Any]) -> str:
    calls = [
        f"-> {call['name']} {json.dumps(call['arguments'], ensure_ascii=False)}"
        for call in reply.get("calls") or ()
    ]
    return "\n".join(filter(None, [str(reply["text"]), *calls]))


def exchanges_json(found: tuple[Mapping[str, Any], ...]) -> list[Any]:
    """The recorded lines as they are."""
    return [dict(line) for line in found]


def replay_text(report: ReplayReport) -> str:
    """Same, or what is not."""
    if report.same:
        return f"run {report.run.id}: every result is the same, byte for byte"
    lines = [f"run {report.run.id} comes out differently:"]
    lines += [f"  {what} is another one" for what in report.differs]
    lines += [f"  the recorded call {where} was not made" for where in report.unused]
    diff = getattr(report.error, "diff", "")
    return "\n".join([*lines, *([diff] if diff else [])])


def replay_json(report: ReplayReport) -> dict[str, Any]:
    """For machines."""
    return {
        "run": report.run.id,
        "same": report.same,
        "differs": list(report.differs),
        "unused": list(report.unused),
        "error": str(report.error) if report.error else "",
    }
