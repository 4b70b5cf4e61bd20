"""Workflow commands and environment files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.runner.commands import Command, CommandReader, parse
from bot.simulator.actions.runner.files import (
    FileCommandError,
    parse_pairs,
    parse_paths,
    read_file,
)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("::error::bad", Command("error", "bad")),
        ("  ::error::bad", Command("error", "bad")),
        (
            "::error file=a.ex,line=3,endLine=4,title=A%3A b::m%0An%25",
            Command(
                "error", "m\nn%", {"file": "a.ex", "line": "3", "endline": "4", "title": "A: b"}
            ),
        ),
        ("::add-mask::a::b", Command("add-mask", "a::b")),
        ("::set-output name=x::1", Command("set-output", "1", {"name": "x"})),
        ("::group::T", Command("group", "T")),
        ("::endgroup::", Command("endgroup")),
        ("::nosuch::x", None),
        ("error: :: x", None),
        ("a ::error::x", None),
        ("::error", None),
    ],
)
def test_commands(line: str, command: Command | None) -> None:
    assert parse(line) == command


def test_stopped_commands_resume_by_their_token() -> None:
    reader = CommandReader()
    assert reader.read("::stop-commands::T0k3n") == Command("stop-commands", "T0k3n")
    assert reader.read("::error::not one") is None
    assert reader.read("::other::") is None
    assert reader.read("::T0k3n::") == Command("resume")
    assert reader.read("::error::one") == Command("error", "one")


@given(st.text(alphabet="::error a=,%0A\n", max_size=60))
def test_any_line_is_read(line: str) -> None:
    found = parse(line)
    assert found is None or found.name


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1\nb=x=y\n", {"a": "1", "b": "x=y"}),
        ("a<<EOF\none\ntwo\nEOF\nb=1", {"a": "one\ntwo", "b": "1"}),
        ("a<<E\n\nE\n", {"a": ""}),
        ("a=<<x\n", {"a": "<<x"}),
        ("a=1\r\nb=2\r\n", {"a": "1", "b": "2"}),
        ("a=1\na=2", {"a": "2"}),
        ("", {}),
    ],
)
def test_pairs(text: str, pairs: dict[str, str]) -> None:
    assert parse_pairs(text) == pairs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", "Invalid format 'nothing'"),
        ("=x", "Invalid format"),
        ("<<EOF\nEOF", "Name must not be empty"),
        ("a<<\n", "delimiter must not be empty"),
        ("a<<EOF\none", "Matching delimiter not found 'EOF'"),
        ("a<<EOF\none\n EOF", "Matching delimiter not found"),
    ],
)
def test_wrong_pairs_are_named(text: str, message: str) -> None:
    with pytest.raises(FileCommandError, match=message):
        parse_pairs(text)


@given(st.text(alphabet="ab=<\n\r", max_size=40))
def test_any_file_gives_pairs_or_a_named_error(text: str) -> None:
    with suppress(FileCommandError):
        assert all(parse_pairs(text))


def test_paths_are_lines() -> None:
    assert parse_paths("/a\n\n/b c\n") == ["/a", "/b c"]


def test_only_a_bounded_regular_file_is_read(tmp_path: Path) -> None:
    assert read_file(tmp_path, tmp_path / "none") == ""
    big, pipe, link = tmp_path / "big", tmp_path / "pipe", tmp_path / "link"
    big.write_text("x" * 100)
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    with pytest.raises(FileCommandError, match="larger than"):
        read_file(tmp_path, big, 50)
    with pytest.raises(FileCommandError, match="not a regular file"):
        read_file(tmp_path, pipe)
    with pytest.raises(FileCommandError, match="cannot be read"):
        read_file(tmp_path, link)
