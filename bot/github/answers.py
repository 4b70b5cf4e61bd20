"""Answers that are asked for again by their ETag: GitHub counts no call that it answers by 304."""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

LARGEST = 512 * 1024
"""Bytes of an answer that is kept."""


@dataclass(frozen=True)
class Answer:
    """What was answered, and the ETag to ask by."""

    etag: str
    packed: bytes
    onward: str | None
    """Where a list goes on."""

    def value(self) -> Any:
        """The JSON, made anew each time: nobody changes what is kept."""
        return json.loads(zlib.decompress(self.packed))


class Answers:
    """The newest ones, as many as fit in `room` bytes; safe among threads."""

    def __init__(self, room: int) -> None:
        self._room, self._used = room, 0
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Answer | None:
        """What was answered last."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, etag: str, body: bytes, onward: str | None) -> None:
        """Keep an answer that has an ETag, unless it is large."""
        if not etag or len(body) > LARGEST:
            return
        answer = Answer(etag, zlib.compress(body, 1), onward)
        with self._lock:
            before = self._kept.pop(key, None)
            self._used += len(answer.packed) - (len(before.packed) if before else 0)
            self._kept[key] = answer
            while self._used > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._used -= len(oldest.packed)
