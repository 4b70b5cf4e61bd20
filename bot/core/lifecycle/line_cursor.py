"""One line of Markdown, eaten from the left: tabs are columns there, not characters."""

from __future__ import annotations

TAB = 4


class Cursor:
    """Where in a line its content begins, after the containers that were eaten."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = 0
        """Index of the first character that is no blank."""
        self.indent = 0
        """Columns of blanks before it, since the last container."""
        self._column = 0
        self._measure(0)

    @property
    def blank(self) -> bool:
        """Nothing is left."""
        return self.start == len(self.text)

    @property
    def char(self) -> str:
        """The first character that is no blank; empty at the end."""
        return self.text[self.start : self.start + 1]

    @property
    def rest(self) -> str:
        """What is left, without the blanks before it."""
        return self.text[self.start :]

    def skip_columns(self, columns: int) -> None:
        """Leave so many of the blanks behind."""
        self.indent = max(0, self.indent - columns)

    def skip_to(self, index: int) -> None:
        """Leave everything before `index` behind; no tab is among it."""
        self._column += index - self.start
        self._measure(index)

    def skip_quote(self) -> None:
        """Leave `>` and the blank behind it behind."""
        self.skip_to(self.start + 1)
        self.skip_columns(1)

    def _measure(self, at: int) -> None:
        begun = self._column
        while at < len(self.text) and self.text[at] in " \t":
            self._column += 1 if self.text[at] == " " else TAB - self._column % TAB
            at += 1
        self.start, self.indent = at, self._column - begun
