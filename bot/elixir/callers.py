"""Which files could call a function, told from their words alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.elixir.project import Project
from bot.elixir.watched import Text


def could_call(
    module: str, name: str, project: Project, among: frozenset[str] | None = None
) -> Iterator[str]:
    """Paths of the files that name the module and can call its function `name`: with the module's
    name, or another one that they give it, or by an import that is written there. Only of those
    `among`.
    """
    last, word = last_part(module), name.encode()
    for path in project.texts.holding(last, among=among):
        if _speaks(project.texts[path], last, word):
            yield path


def last_part(module: str) -> bytes:
    """The word that every file holds that names the module."""
    return module.rpartition(".")[2].encode()


def _speaks(data: Text, last: bytes, name: bytes) -> bool:
    if not data.names(name):
        return False
    return last + b"." + name in data or _renames(data, last)


def _renames(data: Text, last: bytes) -> bool:
    """Whether it imports from the module, or gives it a name of its own."""
    imports = b"import" in data and data.matches(_imported(last))
    return imports or (b"as:" in data and data.matches(_named(last)))


@lru_cache(1_000)
def _imported(last: bytes) -> re.Pattern[bytes]:
    """An import from it, or one from several modules at once."""
    return re.compile(rb"import[\s(]+[\w.]{0,200}?(?:\b" + re.escape(last) + rb"\b|\{)")


@lru_cache(1_000)
def _named(last: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(last) + rb"\)?,\s*as:")
