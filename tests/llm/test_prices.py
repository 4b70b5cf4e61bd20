"""Money is counted by published prices, and what has none is said to have none."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError, Refused
from bot.llm.prices import UNKNOWN, Price, Prices, Rate, dollars, require_prices
from bot.llm.types import Usage

SEEN = date(2026, 11, 25)
OWN = """\
[[price]]
models = ["claude-opus-5-5", "house-model"]
as_of = 2026-11-01
source = "our contract"
rates = [{ input = 3, output = 15 }]
"""


def prices(today: date = SEEN, extra: Path | None = None) -> Prices:
    return Prices.load(extra, today=lambda: today)


def usd(model: str, usage: Usage, today: date = SEEN) -> float:
    return prices(today).priced(model, usage).usd


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(
        input_tokens=1_000_000,
        output_tokens=100_000,
        cached_tokens=600_000,
        cache_write_tokens=100_000,
        calls=1,
    )
    # 300,000 fresh at $4, 600,000 read at $0.20, 100,000 written at $5, 100,000 out at $20
    priced = prices().priced("claude-opus-5-5", usage)
    assert priced.usd == pytest.approx(1.2 + 0.12 + 0.5 + 2.0)
    assert (priced.unpriced_calls, priced.input_tokens, priced.calls) == (0, 1_000_000, 1)


def test_a_model_without_a_known_price_is_counted_as_such_and_costs_nothing_made_up() -> None:
    priced = prices().priced("claude-fable-5-2", Usage(input_tokens=10, calls=1))
    assert (priced.usd, priced.unpriced_calls, priced.calls) == (0.0, 1, 1)
    assert prices().line("claude-fable-5-2") == UNKNOWN


def test_pricing_twice_counts_once() -> None:
    once = prices().priced("claude-opus-5-5", Usage(input_tokens=1000, output_tokens=10))
    assert prices().priced("claude-opus-5-5", once) == once


@pytest.mark.parametrize(
    ("snapshot", "model"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
        ("claude-opus-4-20250514", "claude-opus-4"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
    ],
)
def test_a_snapshot_costs_what_its_model_costs(snapshot: str, model: str) -> None:
    found = prices().find(snapshot)
    assert found is not None
    assert model in found.models


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-5-6",
        "claude-opus-50",
        "claude-sonnet",
        "gemini-2.5-flash-image",
        "gemini-3.8-flash-tts",
        "gemini-3.7-flash",
        "gpt-6",
        "",
    ],
)
def test_a_name_that_only_begins_like_a_known_one_has_no_price(name: str) -> None:
    assert prices().find(name) is None


def test_a_longer_prompt_costs_more_for_the_whole_call() -> None:
    at = Usage(input_tokens=100_000, output_tokens=1000, cached_tokens=50_000)
    over = Usage(input_tokens=100_001, output_tokens=1000, cached_tokens=50_000)
    assert usd("claude-haiku-5-5", at) == pytest.approx(0.005 + 0.0005 + 0.0005)
    assert usd("claude-haiku-5-5", over) == pytest.approx(5 * 0.006, rel=1e-4)
    assert usd("gemini-2.5-pro", Usage(input_tokens=200_000)) == pytest.approx(0.25)
    assert usd("gemini-2.5-pro", Usage(input_tokens=300_000)) == pytest.approx(0.75)


def test_a_price_that_is_announced_to_end_ends() -> None:
    million = Usage(input_tokens=1_000_000)
    assert usd("gemini-4-argon", million, date(2026, 11, 30)) == pytest.approx(2)
    assert usd("gemini-4-argon", million, date(2026, 12, 1)) == pytest.approx(4)


def test_after_the_last_announced_day_there_is_no_price() -> None:
    ended = Rate(input=1, output=1, until=date(2026, 1, 1))
    table = Prices([Price(models=("m",), as_of=SEEN, source="s", rates=(ended,))], lambda: SEEN)
    assert table.rate("m") is None
    assert table.line("m") == UNKNOWN
    assert table.priced("m", Usage()).unpriced_calls == 1


def test_without_a_cache_price_cached_tokens_count_in_full() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=1_000_000)
    assert usd("gemini-4-carbon", usage) == pytest.approx(2)


counts = st.integers(0, 10**7)


@given(counts, counts, counts, counts)
def test_no_usage_costs_less_than_nothing_or_more_than_its_dearest_kind(
    fresh: int, cached: int, written: int, output: int
) -> None:
    usage = Usage(fresh + cached + written, output, cached, written)
    paid = usd("claude-haiku-5-5", usage)
    assert 0 <= paid <= ((fresh + cached + written) * 0.625 + output * 2.5) / 1_000_000 + 1e-9


def test_own_prices_win_and_add_models(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    table = prices(extra=own)
    million = Usage(input_tokens=1_000_000)
    assert table.priced("claude-opus-5-5", million).usd == pytest.approx(3)
    assert table.priced("house-model", million).usd == pytest.approx(3)
    assert table.priced("claude-sonnet-5-5", million).usd == pytest.approx(2)
    assert "our contract" in str(table.find("house-model"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[price]\n", "is not TOML: .*line 1"),
        (OWN.replace("input = 3", "input = -3"), "price.0.rates.0.input: .*greater than or equal"),
        (OWN.replace("input = 3", "input = inf"), "price.0.rates.0.input: .*finite"),
        (OWN.replace("input = 3", "inptu = 3"), "price.0.rates.0.input: Field required"),
        (OWN.replace("source", "sorce"), "price.0.source: Field required"),
        (OWN + "note = 1\n", "price.0.note: Extra inputs"),
        (OWN.replace('["claude-opus-5-5", "house-model"]', "[]"), "price.0.models: "),
        ("", "price: Field required"),
    ],
)
def test_what_is_wrong_with_own_prices_is_said_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        prices(extra=own)
    assert caught.value.path == str(own)
    assert "\n" not in caught.value.message


def test_own_prices_that_cannot_be_read_are_an_error_and_not_no_prices(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        prices(extra=tmp_path / "none.toml")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        prices(extra=binary)


def test_a_limit_in_dollars_needs_the_price_of_every_model() -> None:
    require_prices(prices(), ["claude-opus-5-5", "gemini-3.8-flash"], 2.5)
    require_prices(prices(), ["claude-fable-5-2"], None)
    with pytest.raises(Refused) as caught:
        require_prices(prices(), ["claude-fable-5-2", "claude-opus-5-5", "gemini-3.7-flash"], 2.5)
    assert caught.value.message == (
        "a limit of $2.50 cannot be kept: no known price for claude-fable-5-2, gemini-3.7-flash"
    )
    assert "GENESIS_PRICES_FILE" in caught.value.hint


def test_a_price_is_told_with_its_date() -> None:
    assert prices().line("gemini-4-argon") == (
        "$2 in, $10 out, $0.10 from the cache per million tokens"
        " (seen 2026-10-20; until 2026-11-30)"
    )
    assert prices().line("claude-haiku-5-5").endswith("more above 100,000 tokens)")


@pytest.mark.parametrize(
    ("amount", "text"),
    [(4, "$4"), (0.2, "$0.20"), (0.075, "$0.075"), (12.5, "$12.50"), (0, "$0"), (1000, "$1000")],
)
def test_amounts_are_short(amount: float, text: str) -> None:
    assert dollars(amount) == text


def test_every_shipped_price_says_from_where_and_when_and_none_is_given_twice() -> None:
    text = files("bot.llm").joinpath("data", "prices.toml").read_text("utf-8")
    named = re.findall(r'"((?:claude|gemini)-[a-z0-9.-]+)"', text)
    assert len(named) == len(set(named))
    for name in named:
        entry = prices().find(name)
        assert entry is not None
        assert entry.as_of <= SEEN
        assert "." in entry.source
        assert entry.rate(SEEN, 0) is not None
        for rate in entry.rates:
            assert rate.output >= rate.input >= (rate.cache_read or 0)
