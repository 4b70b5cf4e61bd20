"""Reads the tables that come with the package, and files of the same form that users write."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def shipped(name: str, form: type[M]) -> M:
    """A table of the package."""
    return _read(files("bot.llm").joinpath("data", name).read_text("utf-8"), name, form)


def written(path: Path, form: type[M]) -> M:
    """A user's own table; raises `ConfigError` saying what is wrong with it."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", path=str(path)) from error
    return _read(text, str(path), form)


def _read(text: str, path: str, form: type[M]) -> M:
    try:
        return form.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", path=path) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{place}: {message}", path=path) from error
