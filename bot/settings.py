"""The only reader of the environment: what a machine or a user sets for every run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError

Provider = Literal["offline", "anthropic", "gemini"]

API_KEYS: dict[Provider, str] = {"anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
"""The variable that holds each provider's key, for hints."""


class Settings(BaseSettings):
    """Settings by `GENESIS_<NAME>`; the vendors' keys keep their usual names."""

    model_config = SettingsConfigDict(
        env_prefix="GENESIS_", frozen=True, extra="ignore", populate_by_name=True
    )

    cache_dir: Path = Field(default_factory=lambda: platformdirs.user_cache_path("otp-genesis"))
    """Work trees, build caches and analysis caches; safe to delete when nothing runs."""
    model_provider: Provider = "offline"
    model_name: str = ""
    """Empty: the provider's own choice."""
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("anthropic_api_key", "ANTHROPIC_API_KEY")
    )
    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("gemini_api_key", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    )
    git_timeout: float = Field(default=60.0, gt=0)
    """Seconds one git command may take."""
    mix_timeout: float = Field(default=600.0, gt=0)
    """Seconds one mix command may take."""
    jobs: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Processes that analyse files at the same time."""
    max_attempts: int = Field(default=3, ge=1)
    """Tries at one action before it is undone and reported."""
    sandbox: Literal["required", "auto", "off"] = "auto"
    """`auto` falls back to a scrubbed environment, loudly, where bubblewrap does not work."""

    @field_validator("cache_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError("no such user, or no home directory") from error

    @property
    def environment(self) -> Mapping[str, str]:
        """This process's environment; `child_environment` narrows it before a child sees it."""
        return dict(os.environ)

    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for masking."""
        keys = (self.anthropic_api_key, self.gemini_api_key)
        return tuple(key.get_secret_value() for key in keys if key and key.get_secret_value())


def plain_wanted() -> bool:
    """Whether the user asks every program for no colour, or the terminal shows none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment under `overrides`; `ConfigError` names a bad variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"])
        variable = name if name.isupper() else f"GENESIS_{name.upper()}"
        raise ConfigError(
            f"{variable}: {first['msg'].removeprefix('Value error, ')}",
            path="environment",
            hint=f"correct or unset {variable}",
        ) from None
