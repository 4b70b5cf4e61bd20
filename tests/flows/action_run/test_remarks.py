"""Lines the runner shows beside the code."""

from __future__ import annotations

from bot.elixir.analyze import survey
from bot.elixir.tree import MemoryTree
from bot.flows.action_run.remarks import MOST_OF_A_KIND, Remark, of_findings, shown
from tests.flows.support import SHOP


def test_findings_stand_at_their_lines_with_what_explains_them() -> None:
    findings = survey(MemoryTree.of(SHOP), jobs=1).analysis.findings
    (line,) = [x for x in shown(of_findings(findings)) if "title=unsupervised-spawn" in x]
    assert line.startswith("::warning file=lib/shop/mail.ex,line=3,col=5,title=")
    assert line.endswith("%0AWhat it is and how to fix it: genesis explain unsupervised-spawn")


def test_a_remark_over_several_lines_has_no_column() -> None:
    assert Remark("error", "t", "m", "a.ex", 2, 5, 7).text() == (
        "::error file=a.ex,line=2,endLine=5,title=t::m"
    )


def test_a_remark_without_a_place_stands_beside_the_run() -> None:
    assert Remark("error", "t", "m", line=3).text() == "::error title=t::m"


def test_only_so_many_are_shown_of_a_kind_and_the_rest_is_counted() -> None:
    many = [Remark("warning", "w", str(n)) for n in range(MOST_OF_A_KIND + 3)]
    lines = shown([*many, Remark("error", "e", "last")])
    assert sum(line.startswith("::warning") for line in lines) == MOST_OF_A_KIND
    assert lines[-2].startswith("::error")
    assert lines[-1].startswith("3 more ")


def test_what_strangers_wrote_is_no_command_of_its_own() -> None:
    line = Remark("error", "x,y::z", "a\n::set-env name=PATH::/evil", "b\n::error::c.ex", 1).text()
    assert "\n" not in line
    assert line.startswith("::error file=b%0A%3A%3Aerror%3A%3Ac.ex,line=1,title=x%2Cy%3A%3Az::")
