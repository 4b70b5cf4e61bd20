"""Settings come from the environment, and nowhere else."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.errors import ConfigError, Exit
from bot.settings import VENDORS, Settings, load_settings

OURS = ("ANTHROPIC_", "GEMINI_", "GENESIS_", "GOOGLE_")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith(OURS)]:
        monkeypatch.delenv(name)


def test_without_any_variable_no_vendor_is_known_and_nothing_is_limited() -> None:
    settings = load_settings()
    assert settings.model_provider == "auto"
    assert settings.secrets() == ()
    assert [settings.vendor(name).key for name in VENDORS] == [None, None]
    assert (settings.max_usd, settings.max_tokens, settings.max_minutes) == (None, None, None)
    assert settings.sandbox == "auto"
    assert settings.jobs >= 1


def test_what_was_paid_for_is_not_kept_in_the_cache() -> None:
    settings = load_settings()
    assert settings.cache_dir.is_absolute()
    assert settings.state_dir.is_absolute()
    assert settings.cache_dir.name == settings.state_dir.name == "otp-genesis"
    assert settings.cache_dir not in (settings.state_dir, *settings.state_dir.parents)


def test_variables_have_our_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("GENESIS_MODEL_PROVIDER", "anthropic")
    monkeypatch.setenv("GENESIS_ANTHROPIC_MODEL", "opus")
    monkeypatch.setenv("GENESIS_MAX_USD", "2.5")
    monkeypatch.setenv("GENESIS_JOBS", "3")
    settings = load_settings()
    assert (settings.cache_dir, settings.model_provider, settings.jobs) == (
        tmp_path,
        "anthropic",
        3,
    )
    assert (settings.vendor("anthropic").model, settings.max_usd) == ("opus", 2.5)


def test_what_is_passed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_JOBS", "3")
    assert load_settings(jobs=5).jobs == 5


@pytest.mark.parametrize("name", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_keys_keep_the_names_their_vendors_gave(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-a")
    monkeypatch.setenv(name, "secret-g")
    assert load_settings().secrets() == ("secret-a", "secret-g")


def test_a_key_that_another_one_hides_is_a_secret_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret-g")
    monkeypatch.setenv("GOOGLE_API_KEY", "secret-h")
    settings = load_settings()
    assert settings.gemini_api_key is not None
    assert settings.gemini_api_key.get_secret_value() == "secret-g"
    assert settings.secrets() == ("secret-g", "secret-h")


def test_no_key_shows_in_any_form_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-a")
    settings = load_settings()
    vendor = settings.vendor("anthropic")
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(vendor)):
        assert "secret-a" not in shown


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch, nothing: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", nothing)
    settings = load_settings()
    assert settings.secrets() == ()
    assert settings.vendor("anthropic").key is None


def test_an_empty_variable_is_unset_so_that_the_next_name_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "")
    monkeypatch.setenv("GOOGLE_API_KEY", "secret-g")
    monkeypatch.setenv("GENESIS_JOBS", "")
    assert load_settings().secrets() == ("secret-g",)


def test_a_key_read_from_a_file_loses_its_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret-g\n")
    assert load_settings().secrets() == ("secret-g",)


@pytest.mark.parametrize("bad", ["secret a", "secret\na", "sécret"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", bad)
    with pytest.raises(ConfigError, match="GOOGLE_API_KEY: the key has characters") as caught:
        load_settings()
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("ANTHROPIC_BASE_URL", "anthropic_base_url"),
        ("GENESIS_ANTHROPIC_BASE_URL", "anthropic_base_url"),
        ("GOOGLE_GEMINI_BASE_URL", "gemini_base_url"),
        ("GENESIS_GEMINI_BASE_URL", "gemini_base_url"),
    ],
)
def test_base_urls_are_read_under_both_names(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str
) -> None:
    monkeypatch.setenv(variable, "https://proxy.example/v1/")
    assert getattr(load_settings(), field) == "https://proxy.example/v1"


def test_our_base_url_wins_over_the_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://theirs.example")
    monkeypatch.setenv("GENESIS_ANTHROPIC_BASE_URL", "http://127.0.0.1:9999")
    assert load_settings().vendor("anthropic").base_url == "http://127.0.0.1:9999"


BAD = [
    ("GENESIS_JOBS", "none"),
    ("GENESIS_JOBS", "0"),
    ("GENESIS_MODEL_PROVIDER", "hal9000"),
    ("GENESIS_MODEL_NAME", "two words"),
    ("GENESIS_GEMINI_MODEL", "a\x1b[31m"),
    ("GENESIS_MODEL_TIMEOUT", "0"),
    ("GENESIS_MODEL_TIMEOUT", "inf"),
    ("GENESIS_MODEL_RETRIES", "-1"),
    ("GENESIS_MODEL_RETRIES", "1000"),
    ("GENESIS_MAX_USD", "nan"),
    ("GENESIS_MAX_USD", "0"),
    ("GENESIS_MAX_TOKENS", "1.5"),
    ("GENESIS_MAX_MINUTES", "-3"),
    ("GENESIS_STATE_DIR", "~no-such-user-here/state"),
    ("GENESIS_PRICES_FILE", "~no-such-user-here/prices"),
    ("ANTHROPIC_BASE_URL", "proxy.example"),
    ("ANTHROPIC_BASE_URL", "ftp://proxy.example"),
    ("GENESIS_ANTHROPIC_BASE_URL", "https://"),
    ("GOOGLE_GEMINI_BASE_URL", "https://[::1"),
    ("GOOGLE_GEMINI_BASE_URL", "https://host:99999"),
    ("GENESIS_GEMINI_BASE_URL", "https://host/?key=1"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"environment: {name}: ") as caught:
        load_settings()
    assert caught.value.exit_code is Exit.CONFIG
    assert caught.value.hint == f"correct or unset {name}"
    assert "\n" not in str(caught.value)


def test_a_password_in_an_address_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://me:hunter2@proxy.example")
    with pytest.raises(ConfigError, match="only scheme, host, port and path") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


@given(st.text())
def test_an_address_is_taken_or_refused_whatever_it_is(text: str) -> None:
    with suppress(ConfigError):
        assert load_settings(anthropic_base_url=text).anthropic_base_url.isprintable()


def test_a_bad_key_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY") as caught:
        load_settings(anthropic_api_key=["secret-a"])
    assert "secret-a" not in str(caught.value)


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.jobs = 2  # type: ignore[misc]  # that it fails is what is tested


def test_the_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_JOBS", "3")
    assert load_settings().environment["GENESIS_JOBS"] == "3"


@pytest.mark.parametrize("name", ["a<b", "a\nb", "a\0b", "", "x" * 101])
def test_the_bot_has_a_name_that_commits_can_hold(name: str) -> None:
    assert Settings(bot_name="Gen Esis").bot_name == "Gen Esis"
    with pytest.raises(ValidationError, match="bot_name"):
        Settings(bot_name=name)


def folder_of_secrets(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_folder_of_files_holds_what_is_not_to_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMADE+UP\n-----END PRIVATE KEY-----"
    folder = folder_of_secrets(
        tmp_path,
        genesis_database_url="postgresql://genesis:pw@postgres/genesis\n",
        GENESIS_GITHUB_PRIVATE_KEY=f"{pem}\n",
        anthropic_api_key="made-up-key\n",
        genesis_github_webhook_secret="of the file\n",
    )
    monkeypatch.setenv("GENESIS_SECRETS_DIR", str(folder))
    monkeypatch.setenv("GENESIS_GITHUB_WEBHOOK_SECRET", "of the environment")
    settings = load_settings()
    url, key = settings.database_url, settings.github_private_key
    assert url is not None
    assert url.get_secret_value() == "postgresql://genesis:pw@postgres/genesis"
    assert key is not None
    assert key.get_secret_value() == pem
    # The environment wins, and all of it is masked.
    expected = {url.get_secret_value(), pem, "made-up-key", "of the environment"}
    assert set(settings.secrets()) == expected


def test_a_folder_of_secrets_that_cannot_be_read_is_told_without_its_contents(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENESIS_SECRETS_DIR", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=r"GENESIS_SECRETS_DIR: .*absent"):
        load_settings()
    monkeypatch.setenv("GENESIS_SECRETS_DIR", str(tmp_path))
    (tmp_path / "genesis_database_url").write_bytes(b"\xff\xfe made up")
    with pytest.raises(ConfigError, match="GENESIS_SECRETS_DIR") as told:
        load_settings()
    assert "made up" not in str(told.value)
    folder_of_secrets(tmp_path, genesis_database_url="x", genesis_seal="too short")
    with pytest.raises(ConfigError, match="GENESIS_SEAL") as told:
        load_settings()
    assert "too short" not in str(told.value)
