"""The rules, one file each, and the registry that lists them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from bot.elixir.rules.base import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id: each module of this package that holds a `RULE`."""
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    rules = (rule for module in modules if isinstance(rule := getattr(module, "RULE", None), Rule))
    return tuple(sorted(rules, key=lambda rule: rule.id))


def rule(rule_id: str) -> Rule:
    """The rule of that id; raises `KeyError`."""
    return {r.id: r for r in all_rules()}[rule_id]
