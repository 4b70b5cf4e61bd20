"""What one function does several times, told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.elixir.outline import Function
from bot.elixir.rules.base import Because, Exempt, Site

Said = tuple[Function, str, Site | Exempt]
"""What is said of code in a function, with a text that what is alike shares; empty: none is."""


def folded(found: Iterable[Said], note: str) -> Iterator[Site | Exempt]:
    """One finding for what is alike in a function, the others as its evidence.

    Its data tell the number of `places`: a fix may change one of them.
    """
    first: dict[tuple[object, ...], Site] = {}
    for function, alike, said in found:
        if isinstance(said, Exempt):
            yield said
            continue
        key = (function, alike, said.severity, said.confidence) if alike else (said.span,)
        if key in first:
            more = Because(said.span, note)
            told = first[key]
            places = int(told.data.get("places", "1")) + 1
            first[key] = replace(
                told,
                because=(*told.because, more),
                data={**told.data, "places": str(places)},
            )
        else:
            first[key] = said
    yield from first.values()
