"""Findings as text and Markdown."""

from __future__ import annotations

from inline_snapshot import snapshot

from bot.core.finding import Evidence, Exempted, Note
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
    = may be fixed automatically; high confidence

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
