"""Manifests to tamper with."""

from __future__ import annotations

import base64
from typing import Any

from bot.core.lifecycle.manifest import CommitToMake, FileChange, Manifest
from bot.flows.stage_run.rules import blob_id

ACTION = "1-supervise-spawn-aaaaaa"
BASE = "b" * 40
OLD, NEW = b"defmodule Shop do\nend\n", b"defmodule Shop do\n  # new\nend\n"

ENTRIES = {
    "README.md": ("100644", blob_id(b"# Shop\n")),
    "bin/run": ("100755", blob_id(b"#!/bin/sh\n")),
    "lib/shop.ex": ("100644", blob_id(OLD)),
    "link": ("120000", blob_id(b"lib")),
    "vendor": ("160000", "c" * 40),
}


def changed(path: str = "lib/shop.ex", data: bytes | None = NEW, **more: Any) -> FileChange:
    """A file as a commit leaves it; by default a change of what is there."""
    given = {
        "path": path,
        "mode": "100644",
        "before": ENTRIES.get(path, ("", ""))[1],
        "content": None if data is None else base64.b64encode(data).decode(),
    }
    return FileChange.model_validate(given | more)


def commit(*files: FileChange, **more: Any) -> CommitToMake:
    """A commit of an approved action."""
    given = {
        "action": ACTION,
        "message": "Supervise it\n\nBecause.",
        "files": files or (changed(),),
    }
    return CommitToMake.model_validate(given | more)


def manifest(*commits: CommitToMake, **more: Any) -> Manifest:
    """A manifest that is ready."""
    given = {
        "repository": "acme/shop",
        "run": 1,
        "run_attempt": 1,
        "plan": "7",
        "stage": 1,
        "attempt": 1,
        "base": BASE,
        "status": "ready",
        "tree": "d" * 40,
        "made_at": 1_800_000_000,
        "commits": commits or (commit(),),
    }
    return Manifest.model_validate(given | more)
