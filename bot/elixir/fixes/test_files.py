"""Where a generated test goes and what its module is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.elixir.mixfile import App
from bot.elixir.project import Project


@dataclass(frozen=True)
class TestFile:
    """A path no file has yet, and the module to define in it."""

    __test__ = False

    path: str
    module: str


def test_file(project: Project, app: App, module: str, *words: str) -> TestFile:
    """A new test file for a module, named after what it proves."""
    plain = [re.sub(r"\W", "", word) for word in words]
    number = 1
    while True:
        last = [*plain, *([str(number)] if number > 1 else [])]
        path = (
            "/".join(p for p in (app.path, "test", _path(module)) if p)
            + "_"
            + "_".join(last)
            + "_test.exs"
        )
        if path not in project.files:
            return TestFile(path, f"{module}{''.join(_camel(word) for word in last)}Test")
        number += 1


def _camel(word: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))


def _path(module: str) -> str:
    """`MyApp.HTTPClient` as `my_app/http_client`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", module)
    return snake.lower().replace("._", ".").replace(".", "/")
