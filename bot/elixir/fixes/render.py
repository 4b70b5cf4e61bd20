"""Fill in the ExUnit templates that lie beside the codemods."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    # No escaping: the output is Elixir, and every value is code taken from the syntax tree.
    return Environment(
        loader=PackageLoader("bot.elixir.fixes", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Elixir source, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> str:
    """The named `.exs.j2` template, filled in; a missing value raises `jinja2.UndefinedError`."""
    return _environment().get_template(f"{template}.exs.j2").render(**values)
