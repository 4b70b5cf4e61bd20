"""What model calls used, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Tokens and money of one or more model calls; zeros for local models."""

    input_tokens: int = 0
    """Everything the model read, what came from its cache included."""
    output_tokens: int = 0
    """Everything it wrote, thinking included."""
    cached_tokens: int = 0
    """The part of `input_tokens` read from the vendor's prompt cache."""
    cache_write_tokens: int = 0
    """The part of `input_tokens` written to that cache."""
    usd: float = 0.0
    """US dollars, as far as prices are known."""
    calls: int = 0
    unpriced_calls: int = 0
    """Calls to a model without a known price; `usd` leaves them out."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.usd + other.usd,
            self.calls + other.calls,
            self.unpriced_calls + other.unpriced_calls,
        )

    @property
    def cache_share(self) -> float:
        """How much of the input came from the cache, 0 to 1."""
        return self.cached_tokens / self.input_tokens if self.input_tokens else 0.0
