# ruff: noqa: E501 - bodies are as long as their lines are
"""Answers to comments: short, kind, and each says what to do next."""

from __future__ import annotations

import re

import pytest
from inline_snapshot import snapshot

from bot.core.lifecycle.requests import USAGE, Wrong, parse
from bot.core.lifecycle.state import StageLife
from bot.core.policy import Policy
from bot.core.render.github import replies
from tests.core.render.github.support import facts, life


def wrong(body: str) -> list[Wrong]:
    return [found for found in parse(body) if isinstance(found, Wrong)]


def test_help_tells_every_command_and_the_role_it_needs_here() -> None:
    text = replies.help_text(Policy(permissions={"fix": "admin"}))
    for usage in USAGE.values():
        assert f"| `{usage.replace('|', chr(92) + '|')}` |" in text
    assert re.search(r"/genesis fix .*\| admin \|", text)
    assert re.search(r"/genesis approve .*\| write \|", text)


def test_wrong_commands_are_told_how_they_are_said_right() -> None:
    text = replies.usage(wrong("/genesis aprove\n/genesis skip\n/genesis fix stage 9 @x `"))
    assert text == snapshot("""\
I did not understand this, so nothing was done about it:

- `/genesis aprove`: there is no such command. Did you mean `/genesis approve [stage N]`?
- `/genesis skip`: the number of the stage is missing. Say `/genesis skip [stage] N`.
- `` /genesis fix stage 9 @x ` ``: stages are 1 to 5. Say `/genesis fix stage N [ACTION]`.\
""")


def test_where_things_stand() -> None:
    stuck = StageLife(
        number=1, status="needs-human", pull=50, reason="It failed twice. Look at it."
    )
    text = replies.status(life(stuck, *life().stages[1:]), facts())
    assert text == snapshot("""\
The plan is open.

- Stage 1, critical fixes: 🙋 needs you (#50)
- Stage 2, state persistence: ⚪ planned
- Stage 3, architectural decomposition: ⚪ nothing to do
- Stage 4, testing and communication: ⚪ nothing to do
- Stage 5, integration and rollout: ⚪ nothing to do

**Next:** It failed twice. Look at it.\
""")


def test_what_was_spent() -> None:
    spent = StageLife(number=1, status="merged", attempt=2, usd=0.004, minutes=130)
    assert replies.cost(life(spent), facts()) == snapshot("""\
Spent so far: under $0.01, 2 h 10 min of work.

| stage | attempts | cost | time |
|---|---|---|---|
| 1 | 2 | under $0.01 | 2 h 10 min |

Nothing is left to do.\
""")
    assert "| stage |" not in replies.cost(life(), facts())


def test_an_action_is_explained() -> None:
    assert replies.explain("1-supervise", facts()) == snapshot("""\
**Supervise the job in A.run/1** (`1-supervise-spawn-abc123`, stage 1, automatic)

Nobody sees a crash.

Where: `lib/a.ex:3`.

**Kept:** It still runs.

1. Start it under the supervisor.

`/genesis fix stage 1 1-supervise-spawn-abc123` does only this.\
""")


def test_a_question_is_explained_with_how_it_is_answered() -> None:
    text = replies.explain("1-name-worker", facts())
    assert "`/genesis fix stage 1 1-name-worker-def456` is your yes" in text


def test_a_rule_is_explained() -> None:
    known = facts(explanations={"unsupervised-spawn": "**Spawn**\n\nAsk @x about `@spec`."})
    assert replies.explain("unsupervised-spawn", known) == (
        "**Spawn**\n\nAsk @&#8203;x about `@spec`."
    )


def test_what_is_not_known_is_said() -> None:
    text = replies.explain("1-", facts())
    assert text.startswith("I know no rule and no action called `1-`.")
    assert "`genesis explain`" in text


def test_who_may_not_is_told_who_may() -> None:
    assert replies.refusal("fix", "read", "write") == snapshot(
        "`fix` needs the role `write` in this repository; yours is `read`, so nothing was done. Somebody with that role can say it in a comment of their own."
    )


@pytest.mark.parametrize(
    ("box", "command"),
    [
        ("approve", "/genesis approve"),
        ("approve-2", "/genesis approve stage 2"),
        ("retry-1", "/genesis retry stage 1"),
        ("skip-3", "/genesis skip 3"),
    ],
)
def test_an_unknown_ticker_is_asked_to_say_it(box: str, command: str) -> None:
    text = replies.unknown_ticker(box)
    assert f"`{command}`" in text
    assert not wrong(command)
    assert parse(command)


def test_no_answer_commands_anything() -> None:
    texts = [
        replies.help_text(Policy()),
        replies.usage(wrong("/genesis\n/genesis /genesis stop")),
        replies.status(life(), facts()),
        replies.cost(life(), facts()),
        replies.explain("1-supervise", facts()),
        replies.explain("x", facts()),
        replies.refusal("stop", "none", "triage"),
        replies.unknown_ticker("approve"),
    ]
    for text in texts:
        assert parse(text) == ()
        assert "@" not in text
