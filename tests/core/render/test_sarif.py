"""SARIF output."""

from __future__ import annotations

from bot.core.finding import Evidence, Note
from bot.core.render.sarif import RuleText, as_sarif
from tests.factories import analysis, finding

RULE = RuleText("unsupervised-spawn", "Raw spawn", "Explanation.", "Help.", "warning")
OTHER = RuleText("other", "Other", "Explanation.", "Help.", "info")


def test_results_point_at_their_rule_and_place() -> None:
    evidence = Evidence(path="lib/b.ex", line=9, end_line=9, code="x", note="because")
    log = as_sarif(analysis(finding(evidence=(evidence,))), [OTHER, RULE], "1.2.3")
    run = log["runs"][0]
    result = run["results"][0]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["unsupervised-spawn"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == (
        "unsupervised-spawn",
        0,
        "warning",
    )
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "lib/a.ex"
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3}
    assert result["relatedLocations"][0]["message"]["text"] == "because"


def test_info_becomes_note_and_fingerprints_are_the_finding_ids() -> None:
    result = as_sarif(analysis(finding(severity="info")), [RULE], "1")["runs"][0]["results"][0]
    assert result["level"] == "note"
    assert result["partialFingerprints"] == {"genesisFinding/v1": "unsupervised-spawn-0123456789"}


def test_unread_files_are_notifications_not_results() -> None:
    note = Note(path="lib/x.ex", kind="unparsed", message="does not parse near line 3", line=3)
    run = as_sarif(analysis(notes=(note,)), [RULE], "1")["runs"][0]
    assert run["results"] == []
    assert "lib/x.ex" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
