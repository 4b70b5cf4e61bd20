"""Bodies of requests, kept in a file until they are whole."""

from __future__ import annotations

import contextlib
import errno
import tempfile
import zlib
from pathlib import Path
from typing import IO

from starlette.requests import Request

GZIP = zlib.MAX_WBITS | 16
STEP = 1 << 16


class BodyTooLarge(Exception):
    """More than the limit, as sent or unpacked."""


class BodyBroken(Exception):
    """Packed in a way that is not understood."""


async def spool(request: Request, folder: Path, limit: int) -> IO[bytes]:
    """The unpacked body, at its start, in a file without a name; the caller closes it. It has no
    buffer of Python's, as git goes on reading where Python stopped.

    Raises BodyTooLarge, BodyBroken, OSError on a full disk, and starlette's ClientDisconnect.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise BodyBroken(f"content-encoding {encoding[:40]!r} is not known")
    with contextlib.ExitStack() as stack:
        body: IO[bytes] = stack.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0))
        sink = _Sink(body, limit, packed=encoding != "identity")
        async for chunk in request.stream():
            sink.take(chunk)
        sink.finish()
        body.seek(0)
        stack.pop_all()
        return body


class _Sink:
    """Counts what it unpacks, so that a small bomb stays small."""

    def __init__(self, body: IO[bytes], limit: int, *, packed: bool) -> None:
        self._body = body
        self._left = limit
        self._unpacking = zlib.decompressobj(GZIP) if packed else None

    def take(self, chunk: bytes) -> None:
        if self._unpacking is None:
            self._write(chunk)
            return
        try:
            while chunk:
                self._write(self._unpacking.decompress(chunk, STEP))
                chunk = self._unpacking.unconsumed_tail
        except zlib.error as error:
            raise BodyBroken("the body is not gzip") from error
        if self._unpacking.unused_data:
            raise BodyBroken("the body goes on after its end")

    def finish(self) -> None:
        if self._unpacking is not None and not self._unpacking.eof:
            raise BodyBroken("the body ends too early")

    def _write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise BodyTooLarge
        if self._body.write(data) != len(data):
            raise OSError(errno.ENOSPC, "the body was not written whole")
