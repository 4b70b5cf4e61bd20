"""The configuration beside the code decides what every analysis tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.core.finding import Analysis
from bot.elixir.rules import rule
from bot.elixir.selection import EVERYTHING
from bot.errors import ConfigError, Unusable
from bot.flows.analyses import DirectoryAnalyses
from bot.flows.comparison import known_since, load_baseline, new_baseline
from bot.flows.surveys import selection_of, selection_of_checkout, survey_checkout, survey_commit
from bot.settings import Settings, load_settings
from tests.flows.support import SHOP, SPAWNING, git, repository, session, written

OFF = "analysis: {rules: {unsupervised-spawn: off}}\n"
CONFIG = ".github/otp-genesis.yml"
COMMENT = "# genesis:ignore-file unsupervised-spawn -- nobody waits for the mail\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(cache_dir=tmp_path / "cache", jobs=1)


def rules(analysis: Analysis) -> list[str]:
    return [f.rule for f in analysis.findings]


def test_without_a_configuration_everything_counts(tmp_path: Path, settings: Settings) -> None:
    root = repository(tmp_path / "shop")
    assert selection_of_checkout(root, settings) is EVERYTHING
    assert rules(survey_checkout(root, settings).analysis) == ["unsupervised-spawn"]


@pytest.mark.parametrize("with_git", [True, False])
def test_files_on_the_disk_are_looked_at_by_the_file_on_the_disk(
    tmp_path: Path, settings: Settings, with_git: bool
) -> None:
    root = (repository if with_git else written)(tmp_path / "shop")
    written(root, {CONFIG: OFF})
    assert rules(survey_checkout(root, settings).analysis) == []
    assert rules(DirectoryAnalyses(root).analyze(rules=(), paths=()).model_copy()) == []


def test_a_folder_is_looked_at_by_the_file_at_the_top(tmp_path: Path, settings: Settings) -> None:
    files = {f"apps/shop/{name}": text for name, text in SHOP.items()}
    root = repository(tmp_path / "r", {**files, CONFIG: "analysis: {exclude: [apps/shop/lib/**]}"})
    assert rules(survey_checkout(root / "apps/shop", settings).analysis) == []
    assert rules(survey_checkout(root / "apps/shop/lib/shop/mail.ex", settings).analysis) == []
    written(root, {CONFIG: "analysis: {exclude: [lib/**]}"})
    assert rules(survey_checkout(root / "apps/shop", settings).analysis) == ["unsupervised-spawn"]


def test_a_commit_is_looked_at_by_its_own_file(tmp_path: Path, settings: Settings) -> None:
    root = repository(tmp_path / "shop", {**SHOP, CONFIG: OFF})
    written(root, {CONFIG: "analysis: {}\n"})
    opened = Repository.open(root, settings)
    assert rules(survey_commit(opened, opened.head).analysis) == []
    assert rules(session(root, tmp_path / "cache").survey.analysis) == []
    git(root, "commit", "-qam", "On again")
    assert rules(survey_commit(opened, opened.head).analysis) == ["unsupervised-spawn"]


def test_what_comments_ignore_is_no_part_of_a_plan(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", {**SHOP, "lib/shop/mail.ex": COMMENT + SPAWNING})
    analysis = session(root, tmp_path / "cache").survey.analysis
    assert analysis.findings == ()
    assert [s.reason for s in analysis.suppressed] == ["nobody waits for the mail"]


def test_a_wrong_file_stops_the_analysis_and_is_told_with_its_line(
    tmp_path: Path, settings: Settings
) -> None:
    root = repository(tmp_path / "shop", {**SHOP, CONFIG: "analysis:\n  rules: {raw-sand: off}\n"})
    opened = Repository.open(root, settings)
    for look in (
        lambda: survey_checkout(root, settings),
        lambda: survey_commit(opened, opened.head),
        lambda: session(root, tmp_path / "cache").survey,
        lambda: DirectoryAnalyses(root).analyze(rules=(), paths=()),
    ):
        with pytest.raises(ConfigError, match=r"otp-genesis\.yml:2:11: .*no such rule.*raw-send"):
            look()


def test_a_link_out_of_the_repository_is_not_read(tmp_path: Path, settings: Settings) -> None:
    root = repository(tmp_path / "shop")
    (tmp_path / "secret").write_text("password: hunter2\n")
    (root / ".github").mkdir()
    (root / CONFIG).symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="leads out of the repository") as raised:
        survey_checkout(root, settings)
    assert "hunter2" not in str(raised.value)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Link")
    opened = Repository.open(root, settings)
    with pytest.raises(ConfigError, match="is no file"):
        survey_commit(opened, opened.head)


def test_a_rule_that_is_off_cannot_be_asked_for_in_silence(
    tmp_path: Path, settings: Settings
) -> None:
    root = repository(tmp_path / "shop", {**SHOP, CONFIG: OFF})
    with pytest.raises(Unusable, match="'unsupervised-spawn': off in"):
        survey_checkout(root, settings, rules=(rule("unsupervised-spawn"),))


def test_an_empty_section_is_as_none() -> None:
    assert selection_of("analysis: {}\nrun: auto\n") is EVERYTHING


# Comparing


def test_ids_of_a_revision_are_looked_for_as_the_code_is_looked_at_now(
    tmp_path: Path, settings: Settings
) -> None:
    root = repository(tmp_path / "shop")
    (known,) = known_since(root, "HEAD", settings)
    assert known.startswith("unsupervised-spawn-")
    written(root, {CONFIG: OFF})
    assert known_since(root, "HEAD", settings) == frozenset()


def test_a_project_that_was_not_there_yet_had_nothing(tmp_path: Path, settings: Settings) -> None:
    root = repository(tmp_path / "r", {"README.md": "# Shop\n"})
    written(root, {f"shop/{name}": text for name, text in SHOP.items()})
    assert known_since(root / "shop", "HEAD", settings) == frozenset()


@pytest.mark.parametrize("revision", ["no-such", "--all", "HEAD~5", "HEAD:mix.exs"])
def test_what_is_no_commit_is_told(tmp_path: Path, settings: Settings, revision: str) -> None:
    with pytest.raises(Unusable, match="no such commit"):
        known_since(repository(tmp_path / "shop"), revision, settings)


def test_only_a_baseline_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(new_baseline(file, ()))
    assert load_baseline(file) == ()
    assert new_baseline(file, ()) == file.read_text()
    for text in ("precious\n", '{"kind": "otp-genesis-baseline", "version": 9, "findings": []}'):
        file.write_text(text)
        with pytest.raises(ConfigError) as raised:
            new_baseline(file, ())
        assert "nothing was written" in raised.value.hint
        assert file.read_text() == text


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(b"\xe9")
    for name, problem in (
        ("none.json", "cannot be read"),
        (".", "is not a regular file"),
        ("latin.json", "is not UTF-8"),
    ):
        with pytest.raises(ConfigError, match=problem):
            load_baseline(tmp_path / name)
