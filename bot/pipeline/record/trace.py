"""A line of JSON for every step that ended."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from bot.core.sanitize import mask
from bot.pipeline.results import StepResult


class Trace:
    """Appends to a JSONL file; each line is written and flushed when its step ends."""

    def __init__(self, path: Path | None, *, secrets: tuple[str, ...] = ()) -> None:
        self._path = path
        self._secrets = secrets
        self._lock = threading.Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    def record(self, path: str, result: StepResult) -> None:
        """Write one step's line. Prompts and answers stay out, their hash is in."""
        if self._path is None:
            return
        line = mask(json.dumps(_line(path, result), ensure_ascii=False), self._secrets) + "\n"
        with self._lock, self._path.open("a", encoding="utf-8") as lines:
            lines.write(line)


def _line(path: str, result: StepResult) -> dict[str, Any]:
    usage = result.usage
    return {
        "path": path,
        "name": result.name,
        "type": result.type,
        "status": result.status,
        "seconds": round(result.seconds, 4),
        "model": result.model,
        "prompt_hash": result.prompt_hash,
        "tokens_in": usage.input_tokens,
        "tokens_out": usage.output_tokens,
        "tokens_cached": usage.cached_tokens,
        "tokens_cache_written": usage.cache_write_tokens,
        "calls": usage.calls,
        "usd": round(usage.usd, 6),
        "unpriced_calls": usage.unpriced_calls,
        "checkpoint": result.cached,
        "error": str(result.error) if result.error else "",
        "notice": result.notice,
    }
