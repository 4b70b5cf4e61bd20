"""The codemods, one file each, and the registry that lists them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from bot.elixir.fixes.base import Codemod


@cache
def all_codemods() -> tuple[Codemod, ...]:
    """Every codemod, by name: each module of this package that holds a `CODEMOD`."""
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    named = (getattr(module, "CODEMOD", None) for module in modules)
    found = (mod for mod in named if isinstance(mod, Codemod))
    return tuple(sorted(found, key=lambda mod: mod.name))


def codemod(name: str) -> Codemod:
    """The codemod of that name; raises `KeyError`."""
    return {c.name: c for c in all_codemods()}[name]
