from __future__ import annotations

import json
import os
import subprocess

import pytest

from bot.codebase.elixir_version import parse_version, satisfies
from tests.verify.support import toolchain

VERSIONS = (
    *("1.14.0", "1.14.5", "1.15.0", "1.16.3", "1.17.0-rc.0", "1.17.0", "1.18.0-rc.1"),
    *("1.18.0-rc.10", "2.0.0-dev", "2.0.0", "0.9.9"),
)
REQUIREMENTS = (
    *("~> 1.14", "~> 1.14.0", "~> 1.17-rc", "~> 1.17.0-rc.0", ">= 1.15.0", "> 1.16.3"),
    *("< 1.17.0", "<= 1.17.0", "== 1.14.5", "1.14.5", "!= 1.14.0", "~> 2.0"),
    *("~> 1.14 and < 1.17.0", "~> 1.14.0 or ~> 1.16.0", "== 1.14.0 or >= 1.16.0 and < 1.17.0"),
)


@pytest.mark.elixir
def test_agrees_with_elixirs_own_version_module_on_every_pair() -> None:
    script = (
        '[vs, rs] = Enum.map(System.argv(), &String.split(&1, ","));'
        ' for v <- vs, r <- rs, do: IO.puts("#{v}|#{r}|#{Version.match?(v, r)}")'
    )
    done = subprocess.run(
        [toolchain().elixir, "-e", script, ",".join(VERSIONS), ",".join(REQUIREMENTS)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == len(VERSIONS) * len(REQUIREMENTS)
    wrong = [row for row in rows if satisfies(row[0], row[1]) is not json.loads(row[2])]
    assert wrong == []


def test_a_release_candidate_is_no_release() -> None:
    assert not satisfies("1.17.0-rc.0", "~> 1.17")
    assert satisfies("1.17.0-rc.2", "> 1.17.0-rc.1")


@pytest.mark.parametrize("text", ["", "latest", "ref:main", "1.x", "~> 1"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        parse_version(text)


def test_what_is_no_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match="not a version"):
        satisfies("1.14.0", "~> nonsense")
