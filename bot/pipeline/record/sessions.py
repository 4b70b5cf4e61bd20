"""Conversations that go on over several steps, and over runs where a step asks for it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.errors import ConfigError
from bot.llm.types import Message, ToolCall, ToolResult
from bot.pipeline.record.checkpoints import write_atomically


class Sessions:
    """Messages by session name; `directory` keeps those that are to outlive the run."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._open: dict[str, tuple[Message, ...]] = {}
        self._persistent: set[str] = set()
        self._lock = threading.Lock()

    def history(self, name: str, *, stored: bool = True) -> tuple[Message, ...]:
        """The conversation so far; with `stored`, what an earlier run kept comes first."""
        with self._lock:
            if name not in self._open:
                self._open[name] = self._load(name) if stored else ()
            return self._open[name]

    def append(self, name: str, messages: Sequence[Message], *, persist: bool = False) -> None:
        """Add turns; with `persist` the whole conversation is written by `flush`."""
        with self._lock:
            self._open[name] = (*self._open.get(name, ()), *messages)
            if persist:
                self._persistent.add(name)

    def begin(self, name: str) -> None:
        """Open the conversation anew: nothing was said in it."""
        with self._lock:
            self._open[name] = ()

    def names(self) -> tuple[str, ...]:
        """Sessions opened in this run."""
        return tuple(self._open)

    def state(self) -> dict[str, Any]:
        """Everything said so far, for a run that goes on from here; JSON."""
        with self._lock:
            open_ = {name: _dumped(messages) for name, messages in self._open.items()}
            return {"open": open_, "persistent": sorted(self._persistent)}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave."""
        with self._lock:
            for name, messages in state.get("open", {}).items():
                self._open[name] = tuple(map(_message, messages))
            self._persistent.update(state.get("persistent", ()))

    def flush(self) -> None:
        """Write what is to outlive the run; the engine's caller does so once the run has ended.

        Not earlier: a killed run that is taken up must find the conversation as it was.
        """
        if self._directory is None:
            return
        for name in sorted(self._persistent):
            body = {"session": name, "messages": _dumped(self._open[name])}
            write_atomically(self._file(name), body)

    def _load(self, name: str) -> tuple[Message, ...]:
        if self._directory is None or not self._file(name).is_file():
            return ()
        path = self._file(name)
        try:
            stored = json.loads(path.read_text("utf-8"))
            return tuple(_message(entry) for entry in stored["messages"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"the stored session {name!r} cannot be read: {error}",
                path=str(path),
                hint="remove the file to begin the conversation anew",
            ) from error

    def _file(self, name: str) -> Path:
        assert self._directory is not None
        return self._directory / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def _dumped(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(message) for message in messages]


def _message(entry: Mapping[str, Any]) -> Message:
    return Message(
        role=entry["role"],
        text=entry["text"],
        calls=tuple(ToolCall(**call) for call in entry["calls"]),
        results=tuple(ToolResult(**result) for result in entry["results"]),
        vendor=entry["vendor"],
    )
