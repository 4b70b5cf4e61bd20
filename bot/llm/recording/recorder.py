"""Writes down every model call of a run, so that it can be run again without a model."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.errors import OtpError, Unusable
from bot.llm.recording.failures import failure_of
from bot.llm.recording.request_pieces import pieces, writable
from bot.llm.types import Json, Reply, Request

FORMAT = 1

_BLOCK = 65_536


class Recorder:
    """Appends a line per call to a file that only its owner may read.

    A line is on the disk before the run goes on. Each text is written once: a conversation that
    grows repeats what was said before in every call. Secrets are masked, token shapes always.
    """

    def __init__(
        self, path: Path, *, secrets: Iterable[str] = (), models: Iterable[str] = ()
    ) -> None:
        self._path = path
        self._secrets = tuple(secrets)
        self._lock = threading.Lock()
        self._written: set[str] = set()
        try:
            self._fd = _open(path)
        except OSError as error:
            raise self._refused(error) from error
        self._append({"format": FORMAT, "models": list(models)})

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def record(self, where: str, model: str, request: Request, reply: Reply) -> None:
        """Write one call down; raises `Unusable` when the disk refuses, and leaves no half line."""
        self._write(where, model, request, {"reply": dataclasses.asdict(reply)})

    def record_failure(self, where: str, model: str, request: Request, error: OtpError) -> None:
        """The same of a call that failed; what is the run's own doing is not written."""
        failure = failure_of(error)
        if failure is not None:
            self._write(where, model, request, {"failed": failure.model_dump(mode="json")})

    def _write(self, where: str, model: str, request: Request, outcome: dict[str, Json]) -> None:
        asked = pieces(model, request, self._secrets)
        texts = {piece.hash: piece.text for piece in asked}
        told = _masked(outcome, self._secrets)
        with self._lock:
            self._append(
                {
                    "where": writable(where, self._secrets),
                    "step": writable(request.step, self._secrets),
                    "asked": [[piece.label, piece.place, piece.hash] for piece in asked],
                    "texts": {h: text for h, text in texts.items() if h not in self._written},
                    **told,
                }
            )
            self._written |= texts.keys()

    def close(self) -> None:
        """No more calls."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _append(self, value: dict[str, Any]) -> None:
        line = json.dumps(value).encode("ascii") + b"\n"
        end = os.lseek(self._fd, 0, os.SEEK_END)
        try:
            while line:
                line = line[os.write(self._fd, line) :]
            os.fsync(self._fd)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._fd, end)
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> Unusable:
        return Unusable(
            f"the recording {str(self._path)!r} cannot be written: {error.strerror}",
            hint="make room or give permission there, or record elsewhere",
        )


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = os.open(path, flags, 0o600)
    try:
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, _end_of_lines(fd))
    except OSError:
        os.close(fd)
        raise
    return fd


def _end_of_lines(fd: int) -> int:
    """Where the last whole line ends; a killed run may have left half of one behind it."""
    position = os.fstat(fd).st_size
    while position > 0:
        start = max(position - _BLOCK, 0)
        newline = os.pread(fd, position - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        position = start
    return 0


def _masked(value: Json, secrets: tuple[str, ...]) -> Json:
    if isinstance(value, str):
        return writable(value, secrets)
    if isinstance(value, dict):
        return {_masked(key, secrets): _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, secrets) for item in value]
    return value
