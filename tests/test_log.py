"""One event per line, for people or for machines, without secrets."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from bot import log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_elsewhere_each_event_is_one_line_of_json() -> None:
    stream = io.StringIO()
    log.set_up(stream=stream)
    structlog.contextvars.bind_contextvars(plan="local-1")
    structlog.get_logger().warning("stage-failed", detail="two\nlines", count=2)
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "stage-failed",
        "detail": "two\nlines",
        "count": 2,
        "level": "warning",
        "plan": "local-1",
    }


def test_a_terminal_gets_text() -> None:
    stream = Terminal()
    log.set_up(stream=stream)
    structlog.get_logger().warning("stage-failed", stage=2)
    assert "stage-failed" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [
        (-1, ["error"]),
        (0, ["warning", "error"]),
        (1, ["info", "warning", "error"]),
        (2, ["debug", "info", "warning", "error"]),
        (9, ["debug", "info", "warning", "error"]),
    ],
)
def test_verbosity_chooses_the_level(verbosity: int, levels: list[str]) -> None:
    stream = io.StringIO()
    log.set_up(verbosity, stream=stream)
    logger = structlog.get_logger()
    for level in ("debug", "info", "warning", "error"):
        getattr(logger, level)("x")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == levels


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_secrets_are_masked_wherever_they_stand(stream: io.StringIO) -> None:
    log.set_up(stream=stream, secrets=("secret-value",))
    try:
        raise ValueError("failed with secret-value")
    except ValueError:
        structlog.get_logger().error("x secret-value", deep={"a": ["secret-value"]}, exc_info=True)
    assert "secret-value" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
