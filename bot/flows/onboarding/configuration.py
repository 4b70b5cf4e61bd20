"""The configuration as a new repository gets it: every setting with its default, all commented."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from bot.core.policy import NEEDED, Policy

WIDTH = 96

_HEAD = """\
OTP-Genesis: what the bot may do in this repository. Only this file on the default branch counts.

Every setting is here with its default. To change one take the `#` at the beginning of its line
away, and, where it stands further in, that of the line it belongs to (`limits:`, say).
`genesis config validate` checks the file."""


def configuration_text() -> str:
    """All of `Policy`, as YAML in which nothing is set."""
    blocks = [_prose(_HEAD)]
    for name, field in Policy.model_fields.items():
        lines = [
            *_wrapped(field.description or name),
            *_setting(name, field.get_default(call_default_factory=True)),
        ]
        blocks.append("\n".join(f"#{line}" for line in lines))
    return "\n\n".join(blocks) + "\n"


def _prose(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _wrapped(text: str) -> list[str]:
    """A comment, which a line that is taken out of its comment would not be."""
    return [f" {line}" for line in textwrap.wrap(" ".join(text.split()), WIDTH - 2)]


def _setting(name: str, default: Any) -> Iterator[str]:
    if isinstance(default, BaseModel):
        yield f"{name}:"
        for inner, its in type(default).model_fields.items():
            yield from (f"  #{line}" for line in _wrapped(its.description or inner))
            yield from (
                f"  {line}" for line in _setting(inner, its.get_default(call_default_factory=True))
            )
        return
    if name == "permissions":
        default = dict(NEEDED)
    if isinstance(default, tuple) and len(default) > 4:
        yield f"{name}:"
        yield from (f"  - {_scalar(one)}" for one in default)
    elif isinstance(default, dict) and default:
        yield f"{name}:"
        yield from (f"  {key}: {_scalar(one)}" for key, one in default.items())
    else:
        yield f"{name}: {_scalar(default)}"


def _scalar(value: Any) -> str:
    """On one line."""
    if value == {}:
        return "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if value == "":
        return '""'
    return yaml.safe_dump(value, width=10_000).removesuffix("...\n").strip()
