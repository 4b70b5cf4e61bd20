"""Which languages the files of a repository are written in, by their names."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from bot.simulator.git import BareRepository

LANGUAGES = {
    ".ex": "Elixir",
    ".exs": "Elixir",
    ".erl": "Erlang",
    ".hrl": "Erlang",
    ".heex": "HTML+EEX",
    ".eex": "HTML+EEX",
    ".leex": "HTML+EEX",
    ".html": "HTML",
    ".css": "CSS",
    ".js": "JavaScript",
    ".ts": "TypeScript",
    ".py": "Python",
    ".sh": "Shell",
    ".c": "C",
    ".rs": "Rust",
    ".go": "Go",
}
LEFT_OUT = ("deps/", "node_modules/", "vendor/", "_build/")


async def bytes_by_language(git: BareRepository) -> dict[str, int]:
    """Of the default branch, the largest first; empty for an empty repository."""
    tip = git.ref(f"refs/heads/{git.default_branch}")
    if tip is None:
        return {}
    return await git.once(("languages", tip), lambda: _count(git, tip))


async def main_language(git: BareRepository) -> str | None:
    return next(iter(await bytes_by_language(git)), None)


async def _count(git: BareRepository, tip: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for entry in await git.tree((await git.commit(tip)).tree, recursive=True):
        language = LANGUAGES.get(PurePosixPath(entry.path).suffix.lower())
        if language is not None and entry.type == "blob" and not entry.path.startswith(LEFT_OUT):
            found[language] += entry.size or 0
    return dict(found.most_common())
