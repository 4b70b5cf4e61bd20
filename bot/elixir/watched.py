"""What a project rule looks at, so that it need not look again as long as that stays the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Question = tuple[str, str]
"""How a file is asked, and for what: `("holds", "Agent.")`, `("defines", "Shop.Cart.add")`."""


@dataclass
class Trace:
    """Files that were opened, and questions whose answers decided which."""

    opened: set[str] = field(default_factory=set)
    asked: dict[Question, dict[str, int]] = field(default_factory=dict)
    """By question the answers, by path; a file that was not asked has no say."""
    calls: bool = False
    """Whether the call graph was asked, which looks at files by itself."""
    _own: set[Question] = field(default_factory=set, repr=False, compare=False)
    """Those whose answers nobody else holds."""

    def add(self, other: Trace) -> None:
        """Take in what another one has."""
        self.opened |= other.opened
        self.calls |= other.calls
        for question, answers in other.asked.items():
            self.take(question, answers)

    def take(self, question: Question, answers: dict[str, int]) -> None:
        """Take in what some files answered; the answers serve others, too."""
        known = self.asked.setdefault(question, answers)
        if known is answers or answers.keys() <= known.keys():
            return
        if known.keys() <= answers.keys():
            self.asked[question] = answers
            self._own.discard(question)
        else:
            self.asked[question] = known | answers
            self._own.add(question)

    def note(self, question: Question, path: str, answer: int) -> None:
        """Take in what one file answered."""
        known = self.asked.get(question, {})
        if path in known:
            return
        if question not in self._own:
            self._own.add(question)
            known = self.asked[question] = dict(known)
        known[path] = answer

    def joined(self, other: Trace) -> Trace:
        """Both together."""
        asked = {q: dict(answers) for q, answers in self.asked.items()}
        for question, answers in other.asked.items():
            asked.setdefault(question, {}).update(answers)
        return Trace(self.opened | other.opened, asked)


def answer(question: Question, data: bytes, defined: frozenset[str]) -> int:
    """What a file answers by its bytes and by the functions it defines, as `Module.name`."""
    how, what = question
    if how == "defines":
        return int(what in defined)
    word = what.encode("latin-1")
    if how == "matches":
        return int(re.search(word, data) is not None)
    if how == "names":
        return int(_names(word, data))
    return data.count(word) if how == "count" else int(word in data)


def _names(word: bytes, data: bytes) -> bool:
    """Whether the word stands there as a name's end; faster than a pattern made for each word."""
    at = data.find(word)
    while at != -1:
        after = data[at + len(word) : at + len(word) + 1]
        if not after or not (after.isalnum() or after in b"_?!"):
            return True
        at = data.find(word, at + 1)
    return False


@dataclass(frozen=True)
class Text:
    """A file's bytes for those who only want to know whether to open it."""

    path: str
    data: bytes
    trace: Trace

    def __contains__(self, word: bytes) -> bool:
        return bool(self._told(("holds", word.decode("latin-1")), int(word in self.data)))

    def count(self, word: bytes) -> int:
        """How often it holds a word."""
        return self._told(("count", word.decode("latin-1")), self.data.count(word))

    def names(self, word: bytes) -> bool:
        """Whether it holds a word that no other letter, digit, `_`, `?` or `!` follows."""
        return bool(self._told(("names", word.decode("latin-1")), int(_names(word, self.data))))

    def matches(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether a pattern without flags is found in it."""
        found = int(pattern.search(self.data) is not None)
        return bool(self._told(("matches", pattern.pattern.decode("latin-1")), found))

    def __getitem__(self, part: slice) -> bytes:
        self.trace.opened.add(self.path)
        return self.data[part]

    def _told(self, question: Question, answer: int) -> int:
        self.trace.note(question, self.path, answer)
        return answer


Seen = dict[tuple[bytes, frozenset[str] | None], dict[str, int]]
"""What files answered to whether they hold a word; each word is looked for once in all of them, or
in all of those that somebody wants to know of."""


@dataclass(frozen=True)
class Texts(Mapping[str, Text]):
    """All files of a project as texts."""

    files: Mapping[str, bytes]
    trace: Trace
    seen: Seen = field(default_factory=dict, repr=False)

    def holding(self, *words: bytes, among: frozenset[str] | None = None) -> list[str]:
        """The paths of the files that hold one of the words, in order; only of those `among`."""
        found: dict[str, int] = {}
        for word in words:
            found |= {path: 1 for path, told in self._told(word, among).items() if told}
        return [path for path in self.files if path in found] if len(words) > 1 else list(found)

    def _told(self, word: bytes, among: frozenset[str] | None) -> dict[str, int]:
        answers = self.seen.get((word, among))
        if answers is None:
            answers = self.seen[word, among] = self._answers(word, among)
        self.trace.take(("holds", word.decode("latin-1")), answers)
        return answers

    def _answers(self, word: bytes, among: frozenset[str] | None) -> dict[str, int]:
        if among is None:
            return {path: int(word in data) for path, data in self.files.items()}
        of_all = self.seen.get((word, None))
        if of_all is not None:
            return {path: told for path, told in of_all.items() if path in among}
        return {path: int(word in data) for path, data in self.files.items() if path in among}

    def __getitem__(self, path: str) -> Text:
        return Text(path, self.files[path], self.trace)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)
