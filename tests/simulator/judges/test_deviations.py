"""The list of deviations is held to both ways; coverage counts; the page is current."""

from __future__ import annotations

from pathlib import Path

from tests.simulator.judges.coverage import Coverage
from tests.simulator.judges.deviations import PAGE, Deviation, Deviations, Remark
from tests.simulator.judges.exchanges import Verdict

GOOD = Verdict("issues/get", 200)
BAD = Verdict("issues/get", 200, ("response /user: 'x' is wrong", "response /id: too"))
HOOK = Verdict("webhook issues/opened", 0, ("payload /x: is wrong",))
UNKNOWN = Verdict("", 404, ("GitHub describes no GET /x",))


def listed(*entries: tuple[str, str]) -> Deviations:
    return Deviations([Deviation(s, e, "differs", "why") for s, e in entries], [])


def test_what_is_not_listed_is_found() -> None:
    found = listed(("issues/get", "/user")).unlisted([GOOD, BAD, BAD, HOOK, UNKNOWN])
    assert found == [
        "? 404: GitHub describes no GET /x",
        "issues/get 200: response /id: too",
        "webhook issues/opened : payload /x: is wrong",
    ]


def test_an_entry_covers_only_its_subject_and_error() -> None:
    deviations = listed(("issues/*", "is wrong$"), ("webhook *", "/x"))
    assert deviations.unlisted([BAD, HOOK]) == ["issues/get 200: response /id: too"]
    assert listed(("issues/ge", ".")).unlisted([BAD]) != []


def test_an_entry_that_no_longer_occurs_is_found() -> None:
    deviations = listed(("issues/get", "/user"), ("issues/get", "/title"), ("pulls/get", "."))
    assert [d.error for d in deviations.gone([GOOD, BAD])] == ["/title", "."]
    assert len(deviations.gone([GOOD])) == 3


def test_coverage_counts_by_subject() -> None:
    coverage = Coverage.of([GOOD, BAD, HOOK])
    issues = coverage.tallies["issues/get"]
    assert (issues.valid, issues.invalid, issues.statuses[200]) == (1, 1, 2)
    table = coverage.table()
    assert "1 operations, 2 judged, 1 valid; 0 of 1 operations without any error" in table
    assert "1 webhook kinds, 1 judged, 0 valid; 0 of 1" in table
    assert "1 x response /user: 'x' is wrong" in table


def test_coverage_is_kept(tmp_path: Path) -> None:
    coverage = Coverage.of([GOOD, BAD, HOOK])
    coverage.save(tmp_path / "coverage.json")
    assert Coverage.load(tmp_path / "coverage.json") == coverage


def test_the_page_shows_every_entry() -> None:
    deviations = Deviations(
        [Deviation("issues/get", "/user", "Users are short", "No one reads them.")],
        [Remark("Time", "It stands still.", "Nothing needs it.")],
    )
    page = deviations.page()
    assert "| `issues/get` | Users are short | No one reads them. |" in page
    assert "- **Time.** It stands still. Nothing needs it." in page
    assert "| none |" not in page
    assert "| none |" in Deviations([], []).page()


def test_the_page_in_the_documentation_is_current() -> None:
    assert PAGE.read_text() == Deviations.load().page()
