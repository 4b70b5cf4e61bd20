"""One exchange with a vendor: the time it may take, and what came back that is no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.llm.types import Json

T = TypeVar("T")

DEFAULT_MAX_TOKENS = 32_000
"""Of an answer, thinking included: every current model of both vendors can write as much."""


class Garbled(Exception):
    """What arrived is no answer in the vendor's format, or not all of one."""


class Overrun(Exception):
    """The time budget ended while the answer was still arriving."""


@dataclass(frozen=True)
class Allowance:
    """What is left of a request's time."""

    seconds: float
    silence: float
    """How long the connection may carry nothing: a dead one leaves time to ask again."""
    deadline: float
    clock: Callable[[], float]

    def until_spent(self, events: Iterable[T]) -> Iterator[T]:
        """The events, as long as there is time; raises `Overrun`."""
        for event in events:
            if self.clock() > self.deadline:
                raise Overrun
            yield event


def well_formed(value: Json) -> Json:
    """The value with no half of a surrogate pair in its texts: JSON may hold one, UTF-8 may not."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    elif isinstance(value, dict):
        return {well_formed(name): well_formed(each) for name, each in value.items()}
    elif isinstance(value, list):
        return [well_formed(each) for each in value]
    return value


def understood(call: Callable[[], T]) -> T:
    """What an SDK makes of a response; raises `Garbled` when it trips over one."""
    try:
        return call()
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        raise Garbled(f"the answer cannot be read: {error}") from None


def each(stream: Iterator[T]) -> Iterator[T]:
    """The items of an SDK's stream; raises `Garbled` where the SDK trips over one."""
    while (item := understood(lambda: next(stream, None))) is not None:
        yield item
