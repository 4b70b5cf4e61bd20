"""An agent's conversation for people."""

from __future__ import annotations

from bot.core.render.transcript import as_markdown
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
    assert as_markdown(TALK) == (
        """\
**Prompt**

> Fix the spawn in lib/a.ex.

**1. Model**

> I look first.

`read path="lib/a.ex" start=1`

```text
1|line
2|line
3|line
4|line
5|line
6|line
7|line
8|line
[32 more lines]
```

`edit path="lib/a.ex" old="""
        f'"{"x" * 59}... (302 characters)`'
        """

```text
failed:
the text is not there
```

**Genesis**

> Your next reply is the last one.

**2. Model**

`done summary="All\\nwell."`

```text
not carried out
```
"""
    )


def test_of_a_long_prompt_the_end_is_shown_for_that_is_what_it_asks() -> None:
    asked = "\n".join(f"line {n}" for n in range(1, 101))
    shown = as_markdown((Message("user", asked),)).splitlines()
    assert shown[5:8] == ["> line 4", "> [66 more lines]", "> line 71"]
    assert shown[-1] == "> line 100"


def test_a_diff_is_shown_further_than_what_was_read() -> None:
    lines = "\n".join(f"+{n}" for n in range(1, 41))
    for tool, last in (("edit", "+40"), ("diff", "+40"), ("read", "[32 more lines]")):
        talk = (
            Message("assistant", "", calls=(ToolCall("1", tool, {}),)),
            Message("user", results=(ToolResult("1", tool, lines),)),
        )
        assert as_markdown(talk).splitlines()[-2] == last


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
    text = as_markdown(talk)
    assert not {"\x1b", "\u202e", "\u200b", "\u2066", "\x07", "\U000e0041"} & set(text)
    assert "abc" in text
    assert "xy" in text


def test_nothing_said_is_nothing() -> None:
    assert as_markdown((Message("user", ""),)) == as_markdown(()) == "\n"
