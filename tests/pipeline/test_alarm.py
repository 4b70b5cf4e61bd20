"""`cost_alerts` say once that a run has become expensive, and stop nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.core.usage import Usage
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Reply
from bot.pipeline.record.trace import Trace
from tests.pipeline.support import Events, run, steps

DEAR = Reply("yes", "m", usage=Usage(10, 5, usd=0.3, calls=1))
SAID = "this run has cost $0.6000, more than $0.5"


def notices(alerts: str, trace: Path) -> list[str]:
    """What is said in a run of three questions at 30 cents each."""
    head = f"environment: {{cost_alerts: {alerts}}}" if alerts else ""
    body = "\n".join(f"- {{name: {name}, type: claude, prompt: go}}" for name in "abc")
    events = Events()
    models = {"anthropic": ScriptedModel([DEAR] * 3, name="anthropic")}
    result = run(steps(body, head=head), models=models, observer=events, trace=Trace(trace))
    assert result.status == "succeeded"
    return [f"{event.name}: {event.message}" for event in events if event.kind == "notice"]


def test_it_is_said_once_and_stands_in_the_trace(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    assert notices("{threshold_usd: 0.5}", trace) == [f"b: {SAID}"]
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [line["notice"] for line in lines] == ["", SAID, ""]


@pytest.mark.parametrize(
    "alerts",
    [
        "",
        "{threshold_usd: 5}",
        "{enabled: false, threshold_usd: 0.5}",
        "{notify_on_exceed: false, threshold_usd: 0.5}",
    ],
)
def test_nothing_is_said_below_the_threshold_or_unasked(alerts: str, tmp_path: Path) -> None:
    assert notices(alerts, tmp_path / "trace.jsonl") == []
