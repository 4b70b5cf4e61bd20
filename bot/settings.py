"""The only reader of the environment: what a machine or a user sets for every run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.errors import ConfigError

Vendor = Literal["anthropic", "gemini"]
Provider = Literal["offline", "anthropic", "gemini"]

VENDORS: tuple[Vendor, ...] = ("anthropic", "gemini")
"""In the order in which a step that names none asks them."""

MODEL_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._:@/-]{0,126}[A-Za-z0-9])?\Z")
"""What can name a model: names go into addresses, and pipelines of strangers give them."""

API_KEYS: dict[Vendor, str] = {"anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
"""The variable that holds each vendor's key, for hints."""

_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "anthropic_api_key": ("ANTHROPIC_API_KEY",),
    "gemini_api_key": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "anthropic_base_url": ("GENESIS_ANTHROPIC_BASE_URL", "ANTHROPIC_BASE_URL"),
    "gemini_base_url": ("GENESIS_GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"),
    "github_api_url": ("GENESIS_GITHUB_API_URL", "GITHUB_API_URL"),
    "github_server_url": ("GENESIS_GITHUB_SERVER_URL", "GITHUB_SERVER_URL"),
}
"""Fields whose variables are not `GENESIS_<NAME>` alone; the first that is set counts."""

_KEY_VARIABLES = (*_VARIABLES["anthropic_api_key"], *_VARIABLES["gemini_api_key"])


def _key(value: Any) -> Any:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        return value
    key = text.strip()
    # The HTTP client would refuse such a header in an error that quotes it.
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key has characters that no key has")
    return SecretStr(key) if key else None


def _base_url(value: str) -> str:
    if not value:
        return ""
    if not value.isprintable() or " " in value:
        raise ValueError("not an address")
    url = urlsplit(value)
    if url.port == 0 or url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("not an address that begins with https:// or http://")
    if url.username is not None or url.query or url.fragment:
        raise ValueError("only scheme, host, port and path may be given")
    return value.rstrip("/")


def _model_name(value: str) -> str:
    if value and MODEL_NAME.match(value) is None:
        raise ValueError("cannot be the name of a model")
    return value


def _absolute(value: Path) -> Path:
    try:
        return value.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("no such user, or no home directory") from error


def _named(field: str) -> AliasChoices:
    # The field's name comes last: names are compared without regard to case, and in order.
    return AliasChoices(*_VARIABLES[field], field)


Key = Annotated[SecretStr | None, BeforeValidator(_key)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
ModelName = Annotated[str, AfterValidator(_model_name)]
Location = Annotated[Path, AfterValidator(_absolute)]


@dataclass(frozen=True)
class VendorSettings:
    """What is set for one vendor of models."""

    key: SecretStr | None
    model: str
    """Its own variable; empty when unset."""
    base_url: str
    """Empty for the vendor's own address."""


class Settings(BaseSettings):
    """Settings by `GENESIS_<NAME>`; the vendors' keys keep their usual names. Empty is unset."""

    model_config = SettingsConfigDict(
        env_prefix="GENESIS_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
    )

    cache_dir: Location = Field(default_factory=lambda: platformdirs.user_cache_path("otp-genesis"))
    """Work trees, build caches and analysis caches; safe to delete when nothing runs."""
    state_dir: Location = Field(default_factory=lambda: platformdirs.user_state_path("otp-genesis"))
    """Runs, answers that were paid for, and sessions; deleting it costs money."""
    model_provider: Literal["auto", "offline", "anthropic", "gemini"] = "auto"
    """`auto`: every vendor whose key is set. A vendor's name: that one alone sees the code."""
    model_name: ModelName = ""
    """For the vendor it belongs to; empty: the vendors' own settings, then their defaults."""
    anthropic_model: ModelName = ""
    """Claude's model; empty: `GENESIS_MODEL_NAME`, then the default."""
    gemini_model: ModelName = ""
    """Gemini's model, likewise."""
    anthropic_api_key: Key = Field(default=None, validation_alias=_named("anthropic_api_key"))
    """Claude's key."""
    gemini_api_key: Key = Field(default=None, validation_alias=_named("gemini_api_key"))
    """Gemini's key."""
    anthropic_base_url: BaseUrl = Field(default="", validation_alias=_named("anthropic_base_url"))
    """Another address for Claude's API: a proxy of one's own, say."""
    gemini_base_url: BaseUrl = Field(default="", validation_alias=_named("gemini_base_url"))
    """Another address for Gemini's API."""
    model_timeout: float = Field(default=600.0, gt=0, allow_inf_nan=False)
    """Seconds one model call may take."""
    model_retries: int = Field(default=2, ge=0, le=10)
    """How often a call is repeated that the vendor could not serve."""
    prices_file: Location | None = None
    """Prices of one's own, in the form of `bot/llm/data/prices.toml`; they win over ours."""
    max_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """US dollars one run may cost; None: unlimited, as with the two below."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Tokens one run may use, input and output together."""
    max_minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Minutes one run may take."""
    git_timeout: float = Field(default=60.0, gt=0)
    """Seconds one git command may take."""
    mix_timeout: float = Field(default=600.0, gt=0)
    """Seconds one mix command may take."""
    jobs: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Processes that analyse files at the same time."""
    analysis_cache: bool = True
    """Whether what was found in a file is kept below the cache directory for the next analysis."""
    max_attempts: int = Field(default=3, ge=1)
    """Tries at one action before it is undone and reported."""
    sandbox: Literal["required", "auto", "off"] = "auto"
    """`auto` falls back to a scrubbed environment, loudly, where bubblewrap does not work."""
    credo: Literal["project", "beside"] = "project"
    """`beside`: a project that names no Credo is checked with one that was put beside it, too."""
    github_app_id: int = Field(default=0, ge=0)
    """Number of our GitHub App; 0 where there is none."""
    github_private_key_file: Location | None = None
    """The App's key, PEM."""
    github_private_key: SecretStr | None = None
    """The same key itself, where there is no place for a file; it wins over one."""
    github_webhook_secret: SecretStr | None = None
    """What GitHub signs deliveries with."""
    github_api_url: BaseUrl = Field(
        default="https://api.github.com", validation_alias=_named("github_api_url")
    )
    """REST API of another GitHub: an Enterprise Server, the local one."""
    github_server_url: BaseUrl = Field(
        default="https://github.com", validation_alias=_named("github_server_url")
    )
    """Its address for git and for people."""
    github_pace: float = Field(default=1.0, ge=0, le=60)
    """Seconds between two creations, GitHub asks for one; 0: for a server without any limits."""
    seal: SecretStr | None = Field(default=None, min_length=32, max_length=1024)
    """Tells our records from others' where there is no App's key to do it; any 32 characters."""
    secrets_dir: Location | None = None
    """A folder of files, each named as a variable and holding its value; what is set wins."""
    database_url: SecretStr | None = None
    """Postgres for many workers; None: SQLite in the state directory, for one process."""
    bot_name: str = Field(default="OTP-Genesis", pattern=r"^[^<>\n\r\x00]{1,100}$")
    """Who the commits of stage runs are by; `otp-genesis[bot]` where an App is installed."""
    bot_email: str = Field(
        default="otp-genesis@users.noreply.github.com", pattern=r"^[^<>\s\x00]{3,200}$"
    )
    """The address in these commits."""

    def vendor(self, name: Vendor) -> VendorSettings:
        """What is set for one vendor."""
        if name == "anthropic":
            return VendorSettings(
                self.anthropic_api_key, self.anthropic_model, self.anthropic_base_url
            )
        return VendorSettings(self.gemini_api_key, self.gemini_model, self.gemini_base_url)

    @property
    def environment(self) -> Mapping[str, str]:
        """This process's environment; `child_environment` narrows it before a child sees it."""
        return dict(os.environ)

    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for masking; also a key that another one hides."""
        ours = (self.github_webhook_secret, self.github_private_key, self.seal, self.database_url)
        used = (*(self.vendor(name).key for name in VENDORS), *ours)
        values = [secret.get_secret_value() for secret in used if secret is not None]
        values += [os.environ.get(name, "").strip() for name in _KEY_VARIABLES]
        return tuple(dict.fromkeys(filter(None, values)))


def plain_wanted() -> bool:
    """Whether the user asks every program for no colour, or the terminal shows none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment under `overrides`; `ConfigError` names a bad variable."""
    folder = os.environ.get("GENESIS_SECRETS_DIR") or None
    try:
        if folder:
            os.listdir(folder)  # pydantic would only warn
        return Settings(_secrets_dir=folder, **overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = _variable(str(first["loc"][0]))
        raise _wrong(variable, first["msg"].removeprefix("Value error, ")) from None
    except (OSError, UnicodeError, SettingsError) as error:
        # Only the kind: its text may quote a file.
        raise _wrong("GENESIS_SECRETS_DIR", f"{type(error).__name__}: {folder}") from None


def _wrong(name: str, why: str) -> ConfigError:
    return ConfigError(f"{name}: {why}", path="environment", hint=f"correct or unset {name}")


def _variable(place: str) -> str:
    """The variable that a wrong value came from, or would come from; pydantic names an alias."""
    for names in _VARIABLES.values():
        if place in names:
            return next((name for name in names if os.environ.get(name)), place)
    return f"GENESIS_{place.upper()}"
