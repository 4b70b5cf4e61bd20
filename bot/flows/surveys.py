"""Analyses as a team wants them: each by the configuration that stands beside the code it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.codebase.git import Git
from bot.codebase.paths import Glob
from bot.codebase.process import child_environment
from bot.codebase.repository import Repository
from bot.config import CONFIG_PATH, load_policy
from bot.core.policy import AnalysisSetting, RuleSetting
from bot.elixir.analyze import Survey, survey
from bot.elixir.result_cache import NO_CACHE, ResultCache
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.selection import EVERYTHING, RuleChoice, Selection
from bot.elixir.tree import MemoryTree
from bot.elixir.workers import Progress
from bot.errors import CommandFailed, ConfigError, Unusable
from bot.flows.trees import checkout_tree, commit_tree
from bot.settings import Settings
from bot.strict_yaml import MAX_BYTES, read_text


def survey_checkout(
    path: Path,
    settings: Settings,
    *,
    jobs: int | None = None,
    rules: tuple[Rule, ...] | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Files below a directory as they are on the disk, by the configuration that is there too.

    Raises `Unusable` when there are none, `ConfigError` for a configuration that is wrong.
    """
    selection = selection_of_checkout(path, settings)
    tree = checkout_tree(path, settings)
    chosen = _wanted(selection, rules)
    return survey(
        tree,
        jobs=jobs or settings.jobs,
        rules=chosen,
        progress=progress,
        selection=selection,
        cache=result_cache(settings),
    )


def result_cache(settings: Settings) -> ResultCache:
    """Where results are kept from one analysis to the next."""
    return ResultCache.below(settings.cache_dir) if settings.analysis_cache else NO_CACHE


def survey_commit(
    repository: Repository,
    commit: str,
    *,
    selection: Selection | None = None,
    rules: tuple[Rule, ...] | None = None,
    progress: Progress | None = None,
    keep: bool = True,
) -> Survey:
    """Files of a commit, by its own configuration where no other is given; raises as above.

    `keep`: what is found is kept for the next analysis.
    """
    wanted = selection_of_commit(repository, commit) if selection is None else selection
    return survey(
        commit_tree(repository, commit),
        commit=commit,
        jobs=repository.settings.jobs,
        rules=rules,
        progress=progress,
        selection=wanted,
        cache=replace(result_cache(repository.settings), keeps=keep),
    )


def survey_files(
    files: Mapping[str, str], *, jobs: int | None = None, progress: Progress | None = None
) -> Survey:
    """Files held in memory, such as those of a pack, by the configuration that is among them."""
    selection = selection_of(files.get(CONFIG_PATH, ""))
    return survey(MemoryTree.of(files), jobs=jobs, progress=progress, selection=selection)


def selection_of_checkout(path: Path, settings: Settings) -> Selection:
    """What the configuration of the repository around a path says; outside of one, its own."""
    folder = (path if path.is_dir() else path.parent).resolve()
    git = Git(folder, child_environment(settings.environment), timeout=settings.git_timeout)
    try:
        top = Path(git.line("rev-parse", "--show-toplevel")).resolve()
    except (CommandFailed, Unusable):
        return selection_of_directory(folder)
    return selection_of_directory(top, folder.relative_to(top).as_posix())


def selection_of_directory(top: Path, folder: str = "") -> Selection:
    """What the configuration in a directory says of a folder below it."""
    file = top / CONFIG_PATH
    if not file.exists() and not file.is_symlink():
        return EVERYTHING
    if not file.resolve().is_relative_to(top.resolve()):
        raise ConfigError("is a link that leads out of the repository", path=CONFIG_PATH)
    return selection_of(read_text(file, shown=CONFIG_PATH), folder)


def selection_of_commit(repository: Repository, commit: str) -> Selection:
    """What the configuration of a commit says of the repository's named path."""
    entry = next((e for e in repository.list(commit) if e.path == CONFIG_PATH), None)
    if entry is None:
        return EVERYTHING
    if not entry.regular or entry.size > MAX_BYTES:
        raise ConfigError("is no file, or too large", path=CONFIG_PATH)
    try:
        text = repository.read_all([entry])[CONFIG_PATH].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8", path=CONFIG_PATH) from error
    return selection_of(text, repository.prefix)


def selection_of(text: str, folder: str = "") -> Selection:
    """What the text of a configuration says of a folder below the top of the repository."""
    setting = load_policy(text).analysis
    if setting == AnalysisSetting():
        return EVERYTHING
    return Selection(
        {name: _choice(its) for name, its in setting.rule_settings().items()},
        _patterns(setting.exclude),
        f"{folder}/" if folder not in ("", ".") else "",
    )


def _choice(setting: RuleSetting) -> RuleChoice:
    off = setting.severity == "off"
    severity = None if setting.severity == "off" else setting.severity
    return RuleChoice(off, severity, _patterns(setting.exclude), setting.limits)


def _patterns(globs: Iterable[str]) -> tuple[Glob, ...]:
    return tuple(map(Glob.of, globs))


def _wanted(selection: Selection, rules: tuple[Rule, ...] | None) -> tuple[Rule, ...]:
    """The rules a person asks for; raises `Unusable` where all of them are off."""
    chosen = all_rules() if rules is None else rules
    if rules and not selection.of(rules):
        named = ", ".join(repr(rule.id) for rule in rules)
        raise Unusable(
            f"{named}: off in {CONFIG_PATH}", hint="turn it on there to see its findings"
        )
    return chosen
