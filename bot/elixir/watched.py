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

    def add(self, other: Trace) -> None:
        """Take in what another one has."""
        self.opened |= other.opened
        self.calls |= other.calls
        for question, answers in other.asked.items():
            known = self.asked.setdefault(question, answers)
            if known is answers or answers.keys() <= known.keys():
                continue
            self.asked[question] = answers if known.keys() <= answers.keys() else known | answers

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
    return data.count(word) if how == "count" else int(word in data)


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

    def matches(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether a pattern without flags is found in it."""
        found = int(pattern.search(self.data) is not None)
        return bool(self._told(("matches", pattern.pattern.decode("latin-1")), found))

    def __getitem__(self, part: slice) -> bytes:
        self.trace.opened.add(self.path)
        return self.data[part]

    def _told(self, question: Question, answer: int) -> int:
        self.trace.asked.setdefault(question, {})[self.path] = answer
        return answer


@dataclass(frozen=True)
class Texts(Mapping[str, Text]):
    """All files of a project as texts."""

    files: Mapping[str, bytes]
    trace: Trace
    seen: dict[bytes, dict[str, int]] = field(default_factory=dict, repr=False)
    """What all files answered to whether they hold a word; each word is looked for once."""

    def holding(self, *words: bytes) -> list[str]:
        """The paths of the files that hold one of the words, in order."""
        found: dict[str, int] = {}
        for word in words:
            found |= {path: 1 for path, told in self._told(word).items() if told}
        return [path for path in self.files if path in found] if len(words) > 1 else list(found)

    def _told(self, word: bytes) -> dict[str, int]:
        if word not in self.seen:
            self.seen[word] = {path: int(word in data) for path, data in self.files.items()}
        answers = self.seen[word]
        self.trace.asked[("holds", word.decode("latin-1"))] = answers
        return answers

    def __getitem__(self, path: str) -> Text:
        return Text(path, self.files[path], self.trace)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)
