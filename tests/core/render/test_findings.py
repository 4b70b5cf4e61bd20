"""Findings as text and Markdown."""

from __future__ import annotations

from inline_snapshot import snapshot

from bot.core.finding import Evidence, Exempted, Listed, Note, Suppressed
from bot.core.render.findings import as_markdown, as_text, summary
from bot.core.render.paint import ansi
from tests.factories import analysis, finding


def test_text_shows_a_frame_per_finding() -> None:
    evidence = Evidence(
        path="lib/a.ex",
        line=3,
        end_line=3,
        code="    spawn(fun)",
        note="nobody learns of its crash",
    )
    found = analysis(finding(evidence=(evidence,)))
    assert as_text(found) == snapshot(
        """\
lib/a.ex
  warning `spawn/1` starts a process that no supervisor knows  [unsupervised-spawn]
    --> lib/a.ex:3:5
  3 │     spawn(fun)
    = nobody learns of its crash
    = often fixed automatically; `genesis plan` tells whether this one is; high confidence

1 warning in 1 file (6 lines)
"""
    )


def test_a_long_finding_is_cut_and_counted() -> None:
    code = "\n".join(f"line {n}" for n in range(10))
    text = as_text(analysis(finding(code=code, end_line=12)))
    assert "line 5" in text
    assert "line 6" not in text
    assert "… 4 more lines" in text


def test_no_colour_unless_asked() -> None:
    found = analysis(finding())
    assert "\x1b[" not in as_text(found)
    assert "\x1b[" in as_text(found, ansi)


def test_an_empty_analysis_says_so() -> None:
    assert summary(analysis(files=3, lines=1200)) == "no findings in 3 files (1,200 lines)"


def test_unread_files_are_named() -> None:
    note = Note(path="lib/b.ex", kind="not-utf8", message="not UTF-8 at byte 4; not analysed")
    assert "lib/b.ex: not UTF-8 at byte 4" in as_text(analysis(notes=(note,)))


def test_markdown_survives_hostile_code_and_cells() -> None:
    exempted = Exempted(
        rule="r", exemption="e", reason="a | b\nc", path="lib/a.ex", line=1, end_line=1, code="x"
    )
    text = as_markdown(analysis(finding(code="```\n# not a heading"), exempted=(exempted,)))
    assert "````elixir\n```\n# not a heading\n````" in text
    assert "a \\| b c" in text


def test_only_the_part_of_a_line_that_is_meant_is_marked() -> None:
    code = "\t\tx = spawn(fun) || other"
    start = code.index("spawn")
    place = {"column": start + 1, "start_byte": start, "end_byte": start + len("spawn(fun)")}
    text = as_text(analysis(finding(code=code, **place)))
    assert "  3 │ \t\tx = spawn(fun) || other\n    │ \t\t    ^^^^^^^^^^\n" in text
    whole = as_text(analysis(finding(code="    spawn(fun)", column=5, start_byte=0, end_byte=10)))
    assert "^" not in whole
    hidden = as_text(analysis(finding(code="a\u202e = spawn(fun)", column=6)))
    assert "^" not in hidden
    several = as_text(analysis(finding(code="x = run(\n  1\n)", end_line=5, column=5)))
    assert "3 │ x = run(\n    │     ^^^^\n" in several


def test_what_does_not_count_is_summed_up() -> None:
    one = finding()
    found = analysis(
        known=(one,), suppressed=(Suppressed(finding=one, reason="a toy", line=2),), files=2
    )
    assert summary(found) == (
        "no new findings in 2 files (6 lines); 1 known finding left out;"
        " 1 finding suppressed with a reason"
    )


def test_sections_tell_what_comments_and_baselines_say_in_vain() -> None:
    gone = [Listed(id=f"r-{n}", rule="r", path="lib/a.ex", message="m") for n in range(25)]
    note = Note(path="lib/\x1b[31mb.ex", kind="comment", message="it gives no reason", line=4)
    text = as_text(analysis(stale=tuple(gone), notes=(note,)))
    assert "Comments without effect\n  lib/b.ex:4: it gives no reason\n" in text
    assert "In the baseline, and found no more (25): write it anew\n" in text
    assert text.count("  lib/a.ex: r: m\n") == 20
    assert "Not fully read" not in text


def test_markdown_lists_suppressed_findings_with_hostile_reasons() -> None:
    hostile = Suppressed(finding=finding(), reason="a | b <!-- c", line=2)
    text = as_markdown(analysis(suppressed=(hostile,)))
    assert "## Suppressed" in text
    assert "| unsupervised-spawn | `lib/a.ex:3` | a \\| b &lt;!-- c |" in text
