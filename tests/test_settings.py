"""Settings come from the environment, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError, Exit
from bot.settings import Settings, load_settings

NAMES = (
    *("GENESIS_CACHE_DIR", "GENESIS_MODEL_PROVIDER", "GENESIS_JOBS", "GENESIS_SANDBOX"),
    *("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_any_variable_everything_works_offline() -> None:
    settings = load_settings()
    assert settings.model_provider == "offline"
    assert settings.secrets() == ()
    assert settings.sandbox == "auto"
    assert settings.jobs >= 1
    assert settings.cache_dir.is_absolute()
    assert settings.cache_dir.name == "otp-genesis"


def test_variables_have_our_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("GENESIS_MODEL_PROVIDER", "anthropic")
    monkeypatch.setenv("GENESIS_JOBS", "3")
    settings = load_settings()
    assert (settings.cache_dir, settings.model_provider, settings.jobs) == (
        tmp_path,
        "anthropic",
        3,
    )


def test_what_is_passed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_JOBS", "3")
    assert load_settings(jobs=5).jobs == 5


@pytest.mark.parametrize("name", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_keys_keep_the_names_their_vendors_gave(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-a")
    monkeypatch.setenv(name, "secret-g")
    assert load_settings().secrets() == ("secret-a", "secret-g")


def test_no_key_shows_in_any_form_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-a")
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "secret-a" not in shown


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    assert load_settings().secrets() == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("GENESIS_JOBS", "none"), ("GENESIS_JOBS", "0"), ("GENESIS_MODEL_PROVIDER", "hal9000")],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        load_settings()
    assert caught.value.exit_code is Exit.CONFIG
    assert "\n" not in str(caught.value)


def test_a_bad_key_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(anthropic_api_key=["secret-a"])
    assert "secret-a" not in str(caught.value)


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.jobs = 2  # type: ignore[misc]  # that it fails is what is tested


def test_the_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_JOBS", "3")
    assert load_settings().environment["GENESIS_JOBS"] == "3"
