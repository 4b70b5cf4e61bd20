"""`/genesis ...` in comments: what is asked for, and what is only quoted, shown or hidden."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.lifecycle.requests import MAX_REQUESTS, SHOWN, USAGE, Request, Wrong, parse
from bot.core.policy import Verb


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("/genesis plan", Request("plan")),
        ("/genesis approve", Request("approve")),
        ("/genesis approve stage 2", Request("approve", 2)),
        ("/genesis approve 2", Request("approve", 2)),
        ("/genesis fix stage 1", Request("fix", 1)),
        ("/genesis fix stage 2 2-keep-carts-0a1b2c", Request("fix", 2, "2-keep-carts-0a1b2c")),
        ("/genesis fix 2 `2-keep`", Request("fix", 2, "2-keep")),
        ("/genesis retry", Request("retry")),
        ("/genesis retry stage 3", Request("retry", 3)),
        ("/genesis status", Request("status")),
        ("/genesis explain unsupervised-spawn", Request("explain", argument="unsupervised-spawn")),
        ("/genesis skip 4", Request("skip", 4)),
        ("/genesis skip stage 4", Request("skip", 4)),
        ("/genesis stop", Request("stop")),
        ("/genesis replan", Request("replan")),
        ("/genesis cost", Request("cost")),
        ("/genesis help", Request("help")),
        ("/GENESIS Approve STAGE 2", Request("approve", 2)),
        ("/genesis   fix\t stage  1  ", Request("fix", 1)),
        ("/genesis approve!", Request("approve")),
        ("/genesis skip 2.", Request("skip", 2)),
        ("/gen\u200besis stop", Request("stop")),
        ("\u202e/genesis stop", Request("stop")),
        ("/genesis stop\r", Request("stop")),
    ],
)
def test_a_command_is_read(line: str, request_: Request) -> None:
    assert parse(line) == (request_,)


def test_every_verb_has_a_usage_that_begins_with_it() -> None:
    assert set(USAGE) == set(get_args(Verb))
    assert all(usage.startswith(f"/genesis {verb}") for verb, usage in USAGE.items())


def test_several_commands_stand_in_one_comment() -> None:
    assert parse("Looks good.\r\n\r\n/genesis approve\r\nand\r\n/genesis skip 3\r\n") == (
        Request("approve"),
        Request("skip", 3),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/genesis", "a command is missing. Commands are `plan`, "),
        ("/genesis, please", "a command is missing."),
        ("/genesis: approve", "a command is missing."),
        ("/genesis aprove", "there is no such command. Did you mean `/genesis approve [stage N]`?"),
        ("/genesis merge", "there is no such command. Commands are"),
        ("/genesis \N{KELVIN SIGN}ill", "there is no such command."),
        ("/genesis s\N{KELVIN SIGN}ip 2", "there is no such command."),
        ("/genesis stop it now", "`stop` stands alone. Say `/genesis stop`."),
        ("/genesis skip", "the number of the stage is missing. Say `/genesis skip [stage] N`."),
        (
            "/genesis fix",
            "the number of the stage is missing. Say `/genesis fix stage N [ACTION]`.",
        ),
        ("/genesis fix stage", "the number of the stage is missing."),
        ("/genesis fix stage two", "a stage is a number."),
        ("/genesis fix stage ²", "a stage is a number."),
        ("/genesis fix stage -1", "a stage is a number."),
        ("/genesis fix stage 0", "stages are 1 to 5."),
        ("/genesis fix stage 6", "stages are 1 to 5."),
        (f"/genesis fix stage {'9' * 5000}", "stages are 1 to 5."),
        ("/genesis fix stage 1 a b", "only one name can be given."),
        ("/genesis fix stage 1 --upload-pack=x", "that is no name."),
        ("/genesis fix stage 1 ../../etc", "that is no name."),
        ("/genesis fix stage 1 $(id)", "that is no name."),
        ("/genesis approve stage 2 3", "there is something after the stage."),
        ("/genesis explain", "exactly one name is needed."),
        ("/genesis explain a b", "only one name can be given."),
        (f"/genesis explain {'a' * 101}", "that is no name."),
    ],
)
def test_a_wrong_command_says_how_it_is_said_right(line: str, problem: str) -> None:
    (wrong,) = parse(line)
    assert isinstance(wrong, Wrong)
    assert wrong.problem.startswith(problem)
    assert 0 < len(wrong.text) <= SHOWN
    assert len(wrong.problem) < 300


@pytest.mark.parametrize(
    "body",
    [
        "",
        "please /genesis approve",
        " /genesis approve",
        "/genesisx approve",
        "/genesis-old/notes",
        "/genesis/approve",
        "/genesis_approve",
        "genesis approve",
        "/ genesis approve",
        "> /genesis approve",
        ">/genesis approve",
        "    /genesis approve",
        "- /genesis approve",
        "```\n/genesis approve\n```",
        "~~~sh\n/genesis approve",
        "`\n/genesis approve\n`",
        "`/genesis approve`",
        "<!--\n/genesis approve\n-->",
        "<!-- /genesis approve -->",
        "<pre>\n/genesis approve\n</pre>",
        "<details>\n\n/genesis approve\n\n</details>",
        "/gene\u017fis approve",
        "/genesi\u0073\u0301 approve",
        "\uff0fgenesis approve",
    ],
)
def test_what_only_looks_like_a_command_is_none(body: str) -> None:
    assert not any(isinstance(found, Request) for found in parse(body))
    assert parse(body) == () or "\u0301" in body


def test_a_command_that_slipped_into_a_quote_is_told() -> None:
    (wrong,) = parse("> as you said\n/genesis approve")
    assert wrong == Wrong(
        "/genesis approve", "it joins the quote above: leave an empty line before it"
    )


def test_too_many_commands_are_not_read_on() -> None:
    found = parse("/genesis status\n" * 500)
    assert found[:MAX_REQUESTS] == (Request("status"),) * MAX_REQUESTS
    (rest,) = found[MAX_REQUESTS:]
    assert isinstance(rest, Wrong)
    assert rest.problem == "more than 20 commands in one comment"


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for found in parse(f"/genesis {text}"):
        assert isinstance(found, Request) or (found.text and "\n" not in found.text)


WORDS = [
    "/genesis",
    *get_args(Verb),
    "stage",
    "1",
    "9",
    "x-1",
    "`",
    "\n",
    "\n\n",
    "> ",
    "```",
    "<!--",
    "-->",
]


@given(st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join))
def test_what_is_read_is_well_formed(text: str) -> None:
    for found in parse(text):
        if isinstance(found, Request):
            assert found.stage in (None, 1)
            assert found.argument in ("", "x-1", "1", "9", "stage", *get_args(Verb))
            assert found.stage == 1 or found.verb not in ("fix", "skip")


@pytest.mark.parametrize(
    "bit",
    [
        "/genesis ",
        "/genesis\n",
        "/genesis fix stage ",
        "/genesis x\u200b\n",
        "`/genesis\n",
        "<!-- /genesis\n",
        "\u200b",
    ],
)
def test_a_long_hostile_comment_is_read(bit: str) -> None:
    """Were the time to grow faster than the length, this would outlast the suite's own limit."""
    found = parse(bit * (524_288 // len(bit)))
    assert len(found) <= MAX_REQUESTS + 1
