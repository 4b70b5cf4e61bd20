"""The environment variables, from the docstrings below the fields of `bot.settings`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, SecretStr

from bot import settings
from bot.core.render.markdown import code, table
from bot.settings import Settings

PAGE = "reference/environment.md"


def environment() -> str:
    """Every variable with its default and what it is."""
    told = _docstrings()
    rows = [
        (
            " or ".join(code(name) for name in variables(field)),
            _default(field),
            _values(field),
            told.get(field, ""),
        )
        for field in Settings.model_fields
    ]
    return "\n\n".join(
        [
            "# Environment variables",
            "What a machine or a user sets for every run. A variable that is empty is not set;"
            " where two names are given, the first that is set counts. A value that cannot be used"
            " ends the command with exit code 6, and the message names the variable.",
            table(("variable", "default", "values", "what it is"), rows),
            "`NO_COLOR` and `TERM=dumb` are obeyed. Everything else in the environment is kept from"
            " the programs that are started, as far as they can do without it.",
        ]
    )


def variables(field: str) -> Iterator[str]:
    """The names a setting is read from."""
    alias = Settings.model_fields[field].validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [f"GENESIS_{field.upper()}"]
    yield from (str(name) for name in names if str(name).isupper())


def _docstrings() -> dict[str, str]:
    (record,) = (
        node
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef) and node.name == Settings.__name__
    )
    told: dict[str, str] = {}
    field = ""
    for node in record.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            field = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and field:
            told[field] = " ".join(str(node.value.value).split())
            field = ""
        else:
            field = ""
    return told


_MADE = {
    "cache_dir": "`~/.cache/otp-genesis` on Linux",
    "state_dir": "`~/.local/state/otp-genesis` on Linux",
    "jobs": "one per core",
}
"""Defaults that depend on the machine."""


def _default(field: str) -> str:
    info = Settings.model_fields[field]
    if info.default_factory is not None:
        return _MADE[field]
    return "" if info.default in (None, "") else code(str(info.default))


def _values(field: str) -> str:
    return _of(Settings.model_fields[field].annotation)


_WORDS = {int: "a whole number", float: "a number", SecretStr: "a secret", str: "text"}


def _of(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(code(str(value)) for value in get_args(annotation))
    if origin is Annotated:
        return _of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return " or ".join(_of(arg) for arg in get_args(annotation) if arg is not NoneType)
    return _WORDS.get(annotation, "a path")
