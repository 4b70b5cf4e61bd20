"""ExUnit files from the templates of this package."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.elixir.project import Project


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - what is rendered is Elixir, not HTML
        loader=PackageLoader("bot.elixir.fixes", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> str:
    """The template `<template>.exs.j2` with these values; a missing value raises `UndefinedError`."""
    return _environment().get_template(f"{template}.exs.j2").render(**values)


def underscored(module: str) -> str:
    """Path of a module by convention: `Shop.RateCache` is `shop/rate_cache`."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", module)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", words).replace(".", "/").lower()


def test_path(project: Project, module: str, kind: str) -> str:
    """A free path for a test of `module` in its application's `test` folder."""
    app = project.app_of(project.modules[module].path)
    folder = f"{app.path}/test" if app is not None and app.path else "test"
    stem = f"{folder}/{underscored(module)}_{kind}"
    number, path = 1, f"{stem}_test.exs"
    while path in project.files:
        number += 1
        path = f"{stem}_{number}_test.exs"
    return path
