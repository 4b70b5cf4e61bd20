"""The commits of a work tree's branch, as a manifest holds them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from bot.codebase.history import commits
from bot.codebase.repository import Entry, Repository
from bot.core.lifecycle.manifest import MOST_CONTENT, CommitToMake, FileChange
from bot.core.sanitize import mask
from bot.core.state import RunState
from bot.errors import Refused
from bot.flows.reconcile import ACTION
from bot.flows.stage_run.rules import FILE_MODES

_ABSENT = "000000"


def collect(
    repository: Repository, base: str, tip: str, state: RunState
) -> tuple[CommitToMake, ...]:
    """Every commit after `base` up to `tip`, oldest first.

    Raises `Refused` for what no manifest may hold: links, large files, a secret of ours.
    """
    found, parent = [], base
    for commit in commits(repository, base, tip):
        action = commit.trailers.get(ACTION, "")
        found.append(
            CommitToMake(
                action=action,
                message=_message(repository, commit.sha),
                proof=state.action(action).proof,
                files=tuple(_files(repository, parent, commit.sha)),
            )
        )
        parent = commit.sha
    return tuple(found)


def _message(repository: Repository, sha: str) -> str:
    raw = repository.git.raw("cat-file", "commit", sha).decode("utf-8", "replace")
    text = raw.partition("\n\n")[2].strip()
    # Ours end with one block of trailers, which `publish` writes anew.
    return mask(text.rpartition("\n\n")[0] or text, repository.settings.secrets())


def _files(repository: Repository, parent: str, sha: str) -> Iterator[FileChange]:
    out = repository.git.raw("diff-tree", "-r", "-z", "--raw", "--no-renames", parent, sha)
    fields = out.decode("utf-8").split("\0")[:-1]
    for meta, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, mode, before, after, _ = meta.removeprefix(":").split(" ")
        gone = mode == _ABSENT
        kept = old_mode if gone else mode
        if kept not in FILE_MODES:
            raise Refused(f"{path!r} is no regular file")
        yield FileChange.model_validate(
            {
                "path": path,
                "mode": kept,
                "before": "" if old_mode == _ABSENT else before,
                "content": None if gone else _content(repository, path, mode, after),
            }
        )


def _content(repository: Repository, path: str, mode: str, sha: str) -> str:
    data = repository.read_all([Entry(path, mode, 0, sha)])[path]
    if len(data) > MOST_CONTENT:
        raise Refused(f"{path!r} has {len(data):,} bytes; {MOST_CONTENT:,} are allowed")
    if any(secret.encode() in data for secret in repository.settings.secrets()):
        raise Refused(f"{path!r} holds a secret")
    return base64.b64encode(data).decode("ascii")
