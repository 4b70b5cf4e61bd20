"""What calls cost, by published prices. A price that is not known is said, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import Field

from bot.core.model import Record
from bot.core.usage import Usage
from bot.errors import Refused
from bot.llm.data_files import shipped, written

MILLION = 1_000_000

UNKNOWN = "no known price"

_SNAPSHOT = re.compile(r"(?:[-@]\d{8}|-\d{3}|-latest)\Z")
"""How a name says which version of a model is meant; all versions cost the same."""


class Rate(Record):
    """US dollars per million tokens, for prompts of some length and up to some day."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cache_read: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """None: as `input`, which is too much rather than too little."""
    cache_write: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    above: int = Field(default=0, ge=0)
    """Only for prompts of more tokens than this; all of such a call costs the rate."""
    until: date | None = None
    """The last day it holds; None for good."""

    def usd(self, usage: Usage) -> float:
        """What one call costs."""
        fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        spent = (
            max(fresh, 0) * self.input
            + usage.cached_tokens * read
            + usage.cache_write_tokens * write
            + usage.output_tokens * self.output
        )
        return spent / MILLION


class Price(Record):
    """What some models cost, since when that is known, and from where."""

    models: tuple[str, ...] = Field(min_length=1)
    as_of: date
    source: str = Field(min_length=1)
    rates: tuple[Rate, ...] = Field(min_length=1)

    def rate(self, today: date, prompt_tokens: int) -> Rate | None:
        """The rate of a call made today; None when every one has ended."""
        holding = [rate for rate in self.rates if rate.until is None or rate.until >= today]
        period = min((rate.until or date.max for rate in holding), default=None)
        current = [
            rate
            for rate in holding
            if (rate.until or date.max) == period
            and (rate.above == 0 or rate.above < prompt_tokens)
        ]
        return max(current, key=lambda rate: rate.above, default=None)


class PriceList(Record):
    """The form of a file of prices."""

    price: tuple[Price, ...]


def _today() -> date:
    return datetime.now(UTC).date()


class Prices:
    """Prices by the name of a model; later entries win over earlier ones."""

    def __init__(self, entries: Iterable[Price], today: Callable[[], date] = _today) -> None:
        self._by_name = {name: entry for entry in entries for name in entry.models}
        self._today = today

    @classmethod
    def load(cls, extra: Path | None = None, today: Callable[[], date] = _today) -> Prices:
        """The prices of the package, under those in the user's file; raises `ConfigError`."""
        entries = shipped("prices.toml", PriceList).price
        own = written(extra, PriceList).price if extra is not None else ()
        return cls((*entries, *own), today)

    def find(self, model: str) -> Price | None:
        """The entry for a model, or for the one it is a snapshot of."""
        name = model.removeprefix("models/")
        return self._by_name.get(name) or self._by_name.get(_SNAPSHOT.sub("", name))

    def rate(self, model: str, prompt_tokens: int = 0) -> Rate | None:
        """What a call of this size costs today, per million tokens; None when not known."""
        entry = self.find(model)
        return entry.rate(self._today(), prompt_tokens) if entry is not None else None

    def priced(self, model: str, usage: Usage) -> Usage:
        """The usage of one call with its cost, or counted as one whose cost is not known."""
        rate = self.rate(model, usage.input_tokens)
        if rate is None:
            return replace(usage, usd=0.0, unpriced_calls=1)
        return replace(usage, usd=rate.usd(usage), unpriced_calls=0)

    def line(self, model: str) -> str:
        """The price for people, in a line."""
        entry, rate = self.find(model), self.rate(model)
        if entry is None or rate is None:
            return UNKNOWN
        parts = [f"{dollars(rate.input)} in", f"{dollars(rate.output)} out"]
        if rate.cache_read is not None:
            parts.append(f"{dollars(rate.cache_read)} from the cache")
        notes = [f"seen {entry.as_of}"]
        if rate.until is not None:
            notes.append(f"until {rate.until}")
        notes += [f"more above {other.above:,} tokens" for other in entry.rates if other.above]
        return f"{', '.join(parts)} per million tokens ({'; '.join(dict.fromkeys(notes))})"


def dollars(amount: float) -> str:
    """An amount as short as it is exact: $4, $0.20, $0.075."""
    text = f"{amount:.6f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents:0<2}" if cents else f"${whole}"


def require_prices(prices: Prices, models: Iterable[str], max_usd: float | None) -> None:
    """Raises `Refused` where a limit in dollars could not be kept: some price is not known."""
    if max_usd is None:
        return
    unknown = sorted({model for model in models if prices.rate(model) is None})
    if unknown:
        raise Refused(
            f"a limit of {dollars(max_usd)} cannot be kept: {UNKNOWN} for {', '.join(unknown)}",
            hint="give prices in a file named by GENESIS_PRICES_FILE, or limit tokens instead",
        )
