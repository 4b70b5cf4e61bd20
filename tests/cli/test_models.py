"""`genesis models`: what may be asked and what it costs, and never a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import genesis, inside
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer

KEY = "secret-key-of-a-test"
BOTH = {"ANTHROPIC_API_KEY": KEY, "GEMINI_API_KEY": KEY, "GENESIS_MODEL_RETRIES": "0"}


def lines_of(text: str) -> dict[str, str]:
    """The lines by their first word."""
    return {line.split()[0]: line for line in text.splitlines() if line}


def test_without_a_key_the_table_says_so_and_what_there_would_be() -> None:
    ran = inside("models")
    lines = lines_of(ran.out)
    assert ran.code == Exit.OK
    assert lines["anthropic"].split()[:5] == ["anthropic", "not", "set", "no", "claude-opus-5-5"]
    assert "$4 in, $20 out" in lines["anthropic"]
    assert lines["gemini"].split()[:5] == ["gemini", "not", "set", "no", "gemini-3.8-flash"]
    assert lines["offline"].split() == ["offline", "needs", "none", "first", "embedded", "nothing"]
    assert lines["fable"].endswith("claude-fable-5-2       no known price")
    assert "no key is set (ANTHROPIC_API_KEY, GEMINI_API_KEY)" in ran.err


def test_the_order_and_the_configured_models_show_and_no_key_does() -> None:
    env = {**BOTH, "GENESIS_MODEL_NAME": "argon", "GENESIS_ANTHROPIC_MODEL": "sonnet"}
    ran = inside("models", env={**env, "ANTHROPIC_BASE_URL": "https://proxy.example/claude/"})
    lines = lines_of(ran.out)
    assert lines["gemini"].split()[:4] == ["gemini", "set", "first", "gemini-4-argon"]
    assert lines["anthropic"].split()[:4] == ["anthropic", "set", "second", "claude-sonnet-5-5"]
    assert lines["offline"].split()[3] == "no"
    assert lines["asked"] == "  asked at https://proxy.example/claude"
    assert KEY not in ran.out + ran.err


def test_json_holds_the_same_for_machines() -> None:
    ran = inside("models", "--json", env={**BOTH, "GENESIS_MODEL_PROVIDER": "anthropic"})
    claude, gemini = ran.data["models"]
    assert ran.data["provider"] == "anthropic"
    assert (claude["name"], claude["key"], claude["asked"]) == ("anthropic", True, 1)
    assert claude["price"]["rates"][0]["output"] == 20
    assert claude["check"] is None
    assert (gemini["key"], gemini["asked"], gemini["base_url"]) == (True, None, "")
    assert {"name", "model", "price_line"} == set(gemini["short_names"][0])
    assert KEY not in ran.out
    assert ran.err == ""


def test_an_unknown_price_is_said_and_own_prices_make_it_known(tmp_path: Path) -> None:
    env = {**BOTH, "GENESIS_ANTHROPIC_MODEL": "house-model"}
    assert lines_of(inside("models", env=env).out)["anthropic"].endswith("no known price")
    assert inside("models", "--json", env=env).data["models"][0]["price"] is None
    own = tmp_path / "own.toml"
    own.write_text(
        '[[price]]\nmodels = ["house-model"]\nas_of = 2026-11-01\nsource = "our contract"\n'
        "rates = [{ input = 1, output = 2 }]\n"
    )
    ran = inside("models", env={**env, "GENESIS_PRICES_FILE": str(own)})
    assert "$1 in, $2 out" in lines_of(ran.out)["anthropic"]


def test_check_asks_each_vendor_in_use_for_its_model() -> None:
    with AnthropicServer() as claude, GeminiServer() as gemini:
        urls = {"ANTHROPIC_BASE_URL": claude.url, "GOOGLE_GEMINI_BASE_URL": gemini.url}
        ran = inside("models", "--check", env={**BOTH, **urls})
        machine = inside("models", "--check", "--json", env={**BOTH, **urls})
    said = [line for line in ran.out.splitlines() if line.startswith("  checked: ")]
    assert ran.code == Exit.OK
    assert said[0] == (
        "  checked: claude-opus-5-5 is there, reads 1,000,000 tokens, writes 128,000, active"
    )
    assert said[1].startswith("  checked: gemini-3.8-flash is there, reads ")
    assert [m["check"]["ok"] for m in machine.data["models"]] == [True, True]
    assert claude.requests == gemini.requests == []


def test_check_without_a_key_asks_nobody() -> None:
    ran = inside("models", "--check", "--json")
    assert (ran.code, [m["check"] for m in ran.data["models"]]) == (Exit.OK, [None, None])


def test_a_name_the_vendor_does_not_have_is_an_error_with_the_nearest() -> None:
    with AnthropicServer() as server:
        env = {
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": server.url,
            "GENESIS_ANTHROPIC_MODEL": "claude-opus-5-6",
        }
        ran = inside("models", "--check", env=env)
    assert ran.code == Exit.UNUSABLE
    assert "checked: anthropic has no model 'claude-opus-5-6'" in ran.out
    assert "did you mean 'claude-opus-5-5'?" in ran.out


def test_a_vendor_that_does_not_answer_was_not_checked() -> None:
    where = {"GENESIS_MODEL_PROVIDER": "gemini", "GENESIS_GEMINI_BASE_URL": "http://127.0.0.1:9"}
    ran = inside("models", "--check", "--json", env={**BOTH, **where})
    assert ran.code == Exit.MODEL
    check = ran.data["models"][1]["check"]
    assert (check["ok"], check["reached"]) == (False, False)
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"GENESIS_MODEL_PROVIDER": "gemini"}, "GEMINI_API_KEY is not set"),
        ({"GENESIS_ANTHROPIC_MODEL": "gemini-2.5-pro"}, "is a model of gemini, not of anthropic"),
        ({"GENESIS_PRICES_FILE": "nowhere.toml"}, "cannot be read"),
        ({"ANTHROPIC_API_KEY": "a b"}, "ANTHROPIC_API_KEY: the key has characters"),
    ],
)
def test_what_is_set_wrongly_is_one_line(env: dict[str, str], said: str) -> None:
    ran = inside("models", env=env)
    assert ran.code == Exit.CONFIG
    assert said in ran.err.splitlines()[0]
    assert ran.out == ""


def test_offline_by_name_says_why_nobody_is_asked() -> None:
    ran = inside("models", env={**BOTH, "GENESIS_MODEL_PROVIDER": "offline"})
    assert "GENESIS_MODEL_PROVIDER is offline" in ran.err
    assert lines_of(ran.out)["anthropic"].split()[1:3] == ["set", "no"]


def test_it_runs_as_a_command_of_its_own() -> None:
    ran = genesis("models", "--json")
    assert (ran.code, len(ran.data["models"])) == (Exit.OK, 2)
