"""Comments that take findings out of the count, and those that do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.finding import Analysis
from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree

HEAD = "defmodule Desk do\n  def open(work) do\n"
TAIL = "  end\nend\n"
REASON = "-- a helper of the shell, nobody waits for it"
RULES = tuple(map(rule, ("unsupervised-spawn", "dynamic-atom")))


def told(text: str) -> Analysis:
    tree = MemoryTree.of({"lib/desk.ex": text})
    return survey(tree, jobs=1, rules=RULES).analysis


def within(lines: str) -> Analysis:
    """What is told of a function with these lines; a spawn is found without comments."""
    return told(HEAD + lines + TAIL)


def problems(analysis: Analysis) -> list[tuple[int, str]]:
    return [(note.line, note.message) for note in analysis.notes]


@pytest.mark.parametrize(
    "lines",
    [
        f"    spawn(work) # genesis:ignore unsupervised-spawn {REASON}\n",
        f"    # genesis:ignore unsupervised-spawn {REASON}\n    spawn(work)\n",
        f"    #genesis:ignore  unsupervised-spawn,{REASON}\n    spawn(work)\n",
        f"    ## genesis:ignore: unsupervised-spawn {REASON}\n    spawn(work)\n",
        f"    # genesis:ignore unsupervised-spawn {REASON}\n    # and more\n    spawn(work)\n",
        f"    # genesis:ignore unsupervised-spawn {REASON}\r\n    spawn(work)\r\n",
    ],
)
def test_a_comment_with_a_reason_takes_the_finding_out(lines: str) -> None:
    analysis = within(lines)
    assert analysis.findings == ()
    (one,) = analysis.suppressed
    assert one.finding.rule == "unsupervised-spawn"
    assert one.reason == "a helper of the shell, nobody waits for it"
    assert one.line == 3
    assert analysis.notes == ()
    assert analysis.everything == (one.finding,)


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("# genesis:ignore unsupervised-spawn", "it gives no reason; write `# genesis:ignore"),
        ("# genesis:ignore unsupervised-spawn --", "it gives no reason; write"),
        ("# genesis:ignore unsupervised-spawn -- ...", "it gives no reason; write"),
        ("# genesis:ignore", "it names no rule; write `# genesis:ignore RULE, RULE -- REASON`"),
        ("# genesis:ignore -- all of it", "it names no rule"),
        (
            "# genesis:ignore unsupervised-spwan -- a reason",
            "there is no rule 'unsupervised-spwan'; did you mean 'unsupervised-spawn'?",
        ),
        (
            "# genesis:ignore unsupervised-spawn, no-such -- a reason",
            "there is no rule 'no-such'",
        ),
        (
            "# genesis:ignore unsupervised-spawn because of it",
            "there is no rule 'because'; the reason comes after two dashes",
        ),
        (
            "# genesis:ignore-line unsupervised-spawn -- a reason",
            "there is no `genesis:ignore-line`; did you mean 'genesis:ignore-file'?",
        ),
        (
            "# genesis:ignore-file unsupervised-spawn -- a reason",
            "`genesis:ignore-file` has to stand above the first code of the file",
        ),
    ],
)
def test_a_comment_that_is_not_in_order_is_told_and_ignores_nothing(
    comment: str, problem: str
) -> None:
    analysis = within(f"    {comment}\n    spawn(work)\n")
    assert [f.rule for f in analysis.findings] == ["unsupervised-spawn"]
    assert analysis.suppressed == ()
    ((line, message),) = problems(analysis)
    assert line == 3
    assert message.startswith(problem)
    assert message.endswith("nothing is ignored")
    assert analysis.notes[0].kind == "comment"


@pytest.mark.parametrize(
    "lines",
    [
        '    "# genesis:ignore unsupervised-spawn -- text"\n    spawn(work)\n',
        '    _ = """\n    # genesis:ignore unsupervised-spawn -- text\n    """; spawn(work)\n',
        "    ~S(\n    # genesis:ignore unsupervised-spawn -- text\n    ); spawn(work)\n",
        "    'x'; _ = '# genesis:ignore unsupervised-spawn -- text'; spawn(work)\n",
        "    # see genesis:ignore unsupervised-spawn -- in the manual\n    spawn(work)\n",
        "    # genesis ignore unsupervised-spawn -- a reason\n    spawn(work)\n",
    ],
)
def test_what_is_no_comment_of_ours_has_no_effect(lines: str) -> None:
    analysis = within(lines)
    assert [f.rule for f in analysis.findings] == ["unsupervised-spawn"]
    assert (analysis.suppressed, analysis.notes) == ((), ())


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (f"    # genesis:ignore unsupervised-spawn {REASON}\n\n    spawn(work)\n", "line 4"),
        (f"    spawn(work)\n    # genesis:ignore unsupervised-spawn {REASON}\n", "line 5"),
        (f"    spawn(work)\n    :ok # genesis:ignore unsupervised-spawn {REASON}\n", "line 4"),
        (f"    # genesis:ignore dynamic-atom {REASON}\n    spawn(work)\n", "line 4"),
    ],
)
def test_a_comment_that_matches_nothing_is_told(lines: str, where: str) -> None:
    analysis = within(lines)
    assert [f.rule for f in analysis.findings] == ["unsupervised-spawn"]
    ((_, message),) = problems(analysis)
    assert f"which finds nothing on {where}; remove it" in message


def test_a_trailing_comment_is_not_for_the_line_below() -> None:
    analysis = within(
        f"    work = work # genesis:ignore unsupervised-spawn {REASON}\n    spawn(work)\n"
    )
    assert [f.rule for f in analysis.findings] == ["unsupervised-spawn"]


def test_one_comment_can_name_several_rules_and_several_stand_above_each_other() -> None:
    line = "    spawn(fn -> String.to_atom(work) end)\n"
    assert {f.rule for f in within(line).findings} == {r.id for r in RULES}
    both = f"    # genesis:ignore unsupervised-spawn, dynamic-atom {REASON}\n"
    assert (within(both + line).findings, within(both + line).notes) == ((), ())
    apart = "".join(f"    # genesis:ignore {r.id} {REASON}\n" for r in RULES)
    assert (within(apart + line).findings, within(apart + line).notes) == ((), ())


@pytest.mark.parametrize("above", ["", "\n", "# Copyright of the desk.\n\n"])
def test_a_whole_file_can_be_ignored_from_its_head(above: str) -> None:
    comment = f"{above}# genesis:ignore-file unsupervised-spawn {REASON}\n"
    analysis = told(f"{comment}{HEAD}    spawn(work)\n    spawn(work)\n{TAIL}")
    assert analysis.findings == ()
    assert len(analysis.suppressed) == 2
    empty = told(f"{comment}{HEAD}{TAIL}")
    assert "finds nothing in this file" in empty.notes[0].message


def test_a_rule_that_did_not_run_is_not_said_to_find_nothing() -> None:
    text = f"{HEAD}    # genesis:ignore god-process {REASON}\n    :ok\n{TAIL}"
    assert told(text).notes == ()


def test_a_long_reason_is_cut() -> None:
    (one,) = within(
        f"    spawn(work) # genesis:ignore unsupervised-spawn -- {'x' * 9_999}\n"
    ).suppressed
    assert len(one.reason) == 500


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=" ,-#:\t\rabé\"'`\\", max_size=30), st.booleans())
def test_any_comment_is_obeyed_or_told(said: str, own_line: bool) -> None:
    comment = f"# genesis:ignore{said}".replace("\r", " ")
    analysis = within(
        f"    {comment}\n    spawn(work)\n" if own_line else f"    spawn(work) {comment}\n"
    )
    assert len(analysis.findings) + len(analysis.suppressed) == 1
    assert analysis.suppressed or analysis.notes
