"""How a dry run reads: every prompt, its size, and what asking would cost about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.core.render.paint import Paint
from bot.flows.pipelines.dry import DryReport, Estimate


def as_text(report: DryReport, paint: Paint) -> str:
    """For people: each prompt under a line that says whose it is."""
    lines: list[str] = []
    for estimate in report.estimates:
        lines += [paint(_head(estimate), "bold"), _prompt(estimate), ""]
    for missing in report.unrendered:
        lines.append(paint(f"{missing.path}: not known before the run: {missing.reason}", "yellow"))
    return "\n".join([*lines, *_total(report)])


def _head(estimate: Estimate) -> str:
    asking = estimate.asking
    often = {None: ", as often as its loop runs", 1: ""}.get(
        asking.times, f", {asking.times} times"
    )
    who = f"{asking.provider} ({estimate.model})" if estimate.model else asking.provider
    return f"{asking.path}: {who}, about {asking.tokens:,} tokens{often}{_cost(estimate)}"


def _cost(estimate: Estimate) -> str:
    if not estimate.model:
        return ", free"
    return ", no known price" if estimate.usd is None else f", about ${estimate.usd:.4f}"


def _prompt(estimate: Estimate) -> str:
    request = estimate.asking.request
    pieces = [f"[system] {request.system}"] if request.system else []
    pieces += [f"[{message.role}] {message.text}" for message in request.history]
    pieces.append(request.prompt())
    if request.tools:
        pieces.append(f"[tools] {', '.join(tool.name for tool in request.tools)}")
    return "\n".join(pieces)


def _total(report: DryReport) -> Iterator[str]:
    known = [e for e in report.estimates if e.asking.times is not None]
    tokens = sum(e.asking.tokens * (e.asking.times or 1) for e in known)
    money = sum((e.usd or 0) * (e.asking.times or 1) for e in known)
    open_ended = len(report.estimates) - len(known)
    unpriced = sum(e.usd is None for e in report.estimates)
    yield (
        f"{len(report.estimates)} prompts, about {tokens:,} input tokens"
        f"{f', about ${money:.4f} for reading them' if money else ''}"
        f"{f', {open_ended} in loops of unknown length' if open_ended else ''}"
        f"{f', {unpriced} without a known price' if unpriced else ''}; nothing was asked"
    )


def as_json(report: DryReport) -> dict[str, Any]:
    """For machines."""
    return {
        "workflow": report.workflow,
        "prompts": [
            {
                "step": estimate.asking.path,
                "provider": estimate.asking.provider,
                "model": estimate.model,
                "tokens": estimate.asking.tokens,
                "times": estimate.asking.times,
                "usd": estimate.usd,
                "prompt": _prompt(estimate),
            }
            for estimate in report.estimates
        ],
        "unrendered": [
            {"step": missing.path, "reason": missing.reason} for missing in report.unrendered
        ],
    }
