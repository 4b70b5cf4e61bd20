"""A Dockerfile as data: stages with their instructions; only what ours may use is known."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

KNOWN = {
    *("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN"),
    *("USER", "VOLUME", "WORKDIR"),
}
"""No ADD, no ONBUILD, no SHELL; whoever needs one adds a reason to look at it."""


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined."""

    keyword: str
    text: str

    @property
    def json(self) -> Any:
        """Its exec form; for HEALTHCHECK that of its CMD."""
        return json.loads(self.text[self.text.index("[") :])

    @property
    def pairs(self) -> dict[str, str]:
        """The NAME=VALUE of ENV, LABEL and ARG."""
        return dict(word.split("=", 1) for word in shlex.split(self.text))

    @property
    def commands(self) -> list[list[str]]:
        """The simple commands of a RUN."""
        return [shlex.split(part) for part in re.split(r"\s+&&\s+|\s*;\s*", self.text)]


@dataclass(frozen=True)
class Stage:
    """One stage; `base` is an image or the name of an earlier stage."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        """Its instructions of one kind, in order."""
        return [i for i in self.instructions if i.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        """The one that counts where the last one does."""
        return self.all(keyword)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """What its ENV set, the bases' not included."""
        return {k: v for i in self.all("ENV") for k, v in i.pairs.items()}


def parse(text: str) -> dict[str, Stage]:
    """The stages by name; raises `ValueError` for what is not known here."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    stages: dict[str, Stage] = {}
    current: list[Instruction] = []
    for line in filter(str.strip, joined.splitlines()):
        keyword, _, rest = line.partition(" ")
        if keyword not in KNOWN:
            raise ValueError(f"not an instruction we use: {line}")
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            current = []
            if not name or name in stages:
                raise ValueError(f"a stage needs a name of its own: {line}")
            stages[name] = Stage(name, base, ())
        current.append(Instruction(keyword, rest.strip()))
        stage = list(stages.values())[-1]
        stages[stage.name] = Stage(stage.name, stage.base, tuple(current))
    return stages
