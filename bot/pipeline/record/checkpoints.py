"""Answers that were paid for, kept until the run succeeds."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from bot.core.sanitize import mask


def content_key(*material: Any) -> str:
    """Hash of everything an answer depends on."""
    text = json.dumps(material, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def write_atomically(path: Path, record: Any) -> None:
    """Write JSON so that a killed run leaves the old file or the new one; only we may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(record, file, default=str)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


class Checkpoints:
    """One file per answer, named after its content key; a changed step has another key."""

    def __init__(self, directory: Path, *, secrets: tuple[str, ...] = ()) -> None:
        self._directory = directory
        self._secrets = secrets

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored record, None when there is none or it is damaged."""
        try:
            record = json.loads(self._file(key).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def put(self, key: str, record: dict[str, Any]) -> None:
        """Store atomically: a killed run leaves the old file or the new one."""
        text = mask(json.dumps(record, default=str), self._secrets)
        write_atomically(self._file(key), json.loads(text))

    def drop(self, key: str) -> None:
        """Forget one answer."""
        self._file(key).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything; called when a run succeeded."""
        for pattern in ("*.json", "*.tmp"):
            for file in self._directory.glob(pattern):
                file.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._directory / f"{key}.json"
