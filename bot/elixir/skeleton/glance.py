"""Files that are not looked into: tests, scripts, configuration. Read by line, without a tree.

Tests are half of many a code base, and of them only names and numbers are shown.
"""

from __future__ import annotations

import re

from bot.elixir.skeleton.clip import clip, distinct

# A line break in front: a fixed first byte is ten times as fast to look for as `^` is.
_MODULE = re.compile(rb"\n([ \t]*)defmodule[ \t]+([\w.]+)[ \t]+do\b")
_TEST = re.compile(rb"\n[ \t]*(?:test|property)[ \t(]")
_CONFIG = re.compile(rb"\n[ \t]*config[ \t(]+(:\w+)(?:,[ \t]*([A-Z][\w.]*))?")
_MAX_NAME = 120


def modules_in(data: bytes) -> list[str]:
    """Names of the modules as written; those indented stand in other code, as fixtures do."""
    found = _MODULE.findall(_code(data))
    outer = [name for indent, name in found if not indent] or [name for _, name in found[:1]]
    return distinct(clip(name, _MAX_NAME) for name in outer)


def tests_in(data: bytes) -> int:
    """How many tests and properties there are."""
    return len(_TEST.findall(_code(data)))


def configured_in(data: bytes) -> list[str]:
    """What is configured: `:app` or `:app Module`."""
    found = _CONFIG.findall(_code(data))
    return distinct(clip(b" ".join(names).rstrip(), _MAX_NAME) for names in found)


def _code(data: bytes) -> bytes:
    """What stands between heredocs, beginning with a line break."""
    return b"\n" + b"\n".join(data.split(b'"""')[::2])
