"""Downloads of logs and artifacts: GitHub answers with a link elsewhere, signed for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from bot.errors import Unreachable
from bot.github.asking import TIMEOUT, trusted
from bot.github.errors import NotFound

LONGEST = 300.0
"""Seconds a download may take."""
PIECE = 65_536
_GONE = (404, 410)


@contextmanager
def downloading(link: str, what: str) -> Iterator[Iterator[bytes]]:
    """The bytes behind a link, which is followed without any token of ours, and no further.

    How much is read is up to the reader. Raises `NotFound` where there is nothing, `Unreachable`
    where it does not come: also where the store refuses a link, which is signed for a while only.
    """
    if urlsplit(link).scheme not in ("http", "https") or not urlsplit(link).hostname:
        raise NotFound(f"{what}: no link to a download", status=404)
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, verify=trusted()) as plain,
            plain.stream("GET", link) as stream,
        ):
            if stream.status_code in _GONE:
                raise NotFound(f"{what}: {stream.status_code}", status=stream.status_code)
            if stream.status_code != 200:
                raise Unreachable(f"{what}: {stream.status_code}", retry_after=5.0)
            yield _in_time(stream.iter_bytes(PIECE), what)
    except httpx.HTTPError as error:
        raise Unreachable(f"{what}: {type(error).__name__}", retry_after=5.0) from error


def _in_time(pieces: Iterator[bytes], what: str) -> Iterator[bytes]:
    began = time.monotonic()
    for piece in pieces:
        if time.monotonic() - began > LONGEST:
            raise Unreachable(f"{what}: it takes too long")
        yield piece
