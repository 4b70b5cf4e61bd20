"""What the messages of a server speak of."""

from __future__ import annotations

from collections import Counter

_VERBS = frozenset(
    "get set put add insert delete remove update fetch list create start stop restart cancel "
    "handle do run check "
    "register unregister subscribe unsubscribe apply move convert report request save load "
    "enable disable send "
    "receive queue clear reset maybe on new notify sync join leave connect disconnect "
    "find count peek describe produce ack nack discard flush commit drop all any min max "
    "has is am are can should open close pop take split replace increment decrement bump expire "
    "persist and or to from with by if lazy "
    "full auto self ping pong event events".split()
)
"""Also words that say how many, or how it went."""
_REPORTS = frozenset("error unavailable failed".split())
"""Last words of tags that say how something went: if it is a topic, others ask for it."""
_HANDLES = frozenset("id ids key keys pid pids ref refs".split())
"""What is had of many nouns, and is none that ties messages together."""

_SENT_BY_THE_RUNTIME = frozenset(
    "EXIT DOWN timeout state_timeout nodeup nodedown tcp tcp_closed tcp_error tcp_passive ssl "
    "ssl_closed ssl_error udp ETS-TRANSFER".split()
)
_MOST_TAGS = 500
"""Tags that are looked at: the search takes the square of them."""
_STEM = 7
"""Letters by which forms of one word are told to be one."""
_SHORTEST = 4
"""Letters of words that have no ending: `seed` is no form of `see`."""


def topics_of(tags: list[str]) -> tuple[str, ...]:
    """The nouns the tags speak of, without their verbs: the fewest that each tag holds one of,
    those of most tags first, as first written. `add_item`, `unsold_item_ids` and `items` are one,
    `item`; so are `connection` and `connected`. What the runtime itself sends is no topic.
    """
    named = [_nouns(tag) for tag in tags[:_MOST_TAGS]]
    written = {word for words in named for word in words}
    left = [_by_stem(words, written) for words in named if words]
    found: dict[str, str] = {}
    while left:
        held = Counter(stem for words in left for stem in words)
        # Of words that as many tags hold the first one stands.
        most = max(held, key=lambda stem: held[stem])
        found[most] = next(words[most] for words in left if most in words)
        left = [words for words in left if most not in words]
    return tuple(found.values())


def _nouns(tag: str) -> list[str]:
    """The words of a tag that name something."""
    said = tag.lower().rstrip("?!").split("_")
    if tag in _SENT_BY_THE_RUNTIME or said[-1] in _REPORTS:
        return []
    words = [w for w in said if w and w not in _VERBS]
    return [w for w in words if w not in _HANDLES] or words


def _by_stem(words: list[str], written: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(_stem(word, written), word)
    return found


def _stem(word: str, written: set[str]) -> str:
    """What forms of one word have in common: the first letters, or what another tag writes
    without the ending.
    """
    short = (word.removesuffix("ed"), word.removesuffix("ing"), word.removesuffix("es"))
    bare = [w for w in (*short, f"{short[1]}e", word.removesuffix("d")) if w != word]
    found = next((w for w in bare if w in written), word) if len(word) > _SHORTEST else word
    return found.removesuffix("s")[:_STEM]
