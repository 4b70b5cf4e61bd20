"""An agent's conversation for people."""

from __future__ import annotations

from bot.core.render.paint import ansi
from bot.core.render.transcript import as_markdown, as_text
from bot.llm.types import Message, ToolCall, ToolResult

TALK = (
    Message("user", "Fix the spawn in lib/a.ex."),
    Message(
        "assistant",
        "I look first.",
        calls=(
            ToolCall("1", "read", {"path": "lib/a.ex", "start": 1}),
            ToolCall("2", "edit", {"path": "lib/a.ex", "old": "x" * 300}),
        ),
    ),
    Message(
        "user",
        "Your next reply is the last one.",
        results=(
            ToolResult("1", "read", "\n".join(f"{n}|line" for n in range(1, 41))),
            ToolResult("2", "edit", "the text is not there", failed=True),
        ),
    ),
    Message("assistant", "", calls=(ToolCall("3", "done", {"summary": "All\nwell."}),)),
)


def test_it_reads_like_a_conversation_and_long_things_are_short() -> None:
    assert as_text(TALK) == (
        """\
Prompt
  Fix the spawn in lib/a.ex.

1. Model
  I look first.
  read path="lib/a.ex" start=1
    1|line
    2|line
    3|line
    4|line
    5|line
    6|line
    7|line
    8|line
    [32 more lines]
  edit path="lib/a.ex" old="""
        f'"{"x" * 59}... (302 characters)'
        """
    failed:
    the text is not there

Genesis
  Your next reply is the last one.

2. Model
  done summary="All\\nwell."
    not carried out
"""
    )


def test_in_colour_failures_stand_out() -> None:
    painted = as_text(TALK, ansi)
    assert ansi("the text is not there", "red") in painted
    assert ansi("1|line", "dim") in painted


def test_markdown_cannot_be_broken_by_what_it_holds() -> None:
    hostile = (
        Message("user", "a <!-- hidden --> b\n# no heading\n```"),
        Message("assistant", "", calls=(ToolCall("1", "read`", {"path": "`x`"}),)),
        Message("user", results=(ToolResult("1", "read", "```\nout of the fence <!-- -->"),)),
    )
    text = as_markdown(hostile)
    assert "hidden" not in text
    assert "> # no heading" in text
    assert "````text\n```\nout of the fence" in text
    assert "``read` path=" in text


def test_hidden_characters_are_dropped() -> None:
    talk = (
        Message(
            "assistant", "a\x1b[31mb\u202ec", calls=(ToolCall("1", "re\u200bad", {"p": "\u2066"}),)
        ),
        Message("user", results=(ToolResult("1", "read", "x\x07y\U000e0041"),)),
    )
    for text in (as_text(talk), as_markdown(talk)):
        assert not {"\x1b", "\u202e", "\u200b", "\u2066", "\x07", "\U000e0041"} & set(text)
        assert "abc" in text
        assert "xy" in text


def test_nothing_said_is_nothing() -> None:
    assert as_text(()) == ""
    assert as_text((Message("user", ""),)) == ""
