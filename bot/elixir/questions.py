"""Questions that were asked of files, each written down once with all its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.elixir.watched import Question, Trace


@dataclass(frozen=True)
class Asked:
    """One question, and who answered it how."""

    how: str
    what: str
    answers: dict[str, int]
    """Those that are not zero, by path."""
    zeros: str
    """Which files answered with zero: a bit for each, in order of the paths, in hexadecimal."""

    def stands(self, path: str, place: int, answers: Callable[[Question], int]) -> bool:
        """Whether a changed file answers as it did, if it was asked at all.

        Raises `ValueError` or `re.error` for a question that is none.
        """
        if path not in self.answers and not int(self.zeros, 16) >> place & 1:
            return True
        return answers((self.how, self.what)) == self.answers.get(path, 0)


@dataclass
class _Answers:
    told: dict[str, int] = field(default_factory=dict)
    zeros: int = 0
    seen: list[Mapping[str, int]] = field(default_factory=list)
    """Whole sets of answers that are in already; kept, so that no other one takes their place."""


@dataclass
class Questions:
    """A list that grows: each question has a number in it, whoever asks."""

    order: Mapping[str, int]
    """The places of all paths."""
    _numbers: dict[Question, int] = field(default_factory=dict)
    _answers: list[_Answers] = field(default_factory=list)

    def asked_in(self, trace: Trace) -> tuple[int, ...]:
        """The numbers of a trace's questions, with the answers it got."""
        return tuple(sorted(self._number(q, answers) for q, answers in trace.asked.items()))

    def take(self, other: Iterable[Asked]) -> list[int]:
        """The numbers here of the questions of another list, in its order.

        Raises `ValueError` for a question that is none.
        """
        numbers = []
        for asked in other:
            number = self._place((asked.how, asked.what))
            self._answers[number].told |= asked.answers
            self._answers[number].zeros |= int(asked.zeros, 16)
            numbers.append(number)
        return numbers

    def written(self) -> tuple[Asked, ...]:
        """All of them."""
        return tuple(
            Asked(*question, self._answers[number].told, f"{self._answers[number].zeros:x}")
            for question, number in self._numbers.items()
        )

    def _number(self, question: Question, answers: Mapping[str, int]) -> int:
        number = self._place(question)
        known = self._answers[number]
        if not any(answers is seen for seen in known.seen):
            known.seen.append(answers)
            told = {path: value for path, value in answers.items() if value}
            known.told |= told
            bits = bytearray(len(self.order) // 8 + 1)
            for path in answers.keys() - told.keys():
                place = self.order[path]
                bits[place >> 3] |= 1 << (place & 7)
            known.zeros |= int.from_bytes(bits, "little")
        return number

    def _place(self, question: Question) -> int:
        if question not in self._numbers:
            self._numbers[question] = len(self._answers)
            self._answers.append(_Answers())
        return self._numbers[question]
