"""Refs and git's own objects, as the Git data API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.simulator.git import Commit, Entry, Tag
from bot.simulator.nodes import git_node_id
from bot.simulator.records.repositories import Repository
from bot.simulator.views.commits import person_view, quoted, readable, verification_view
from bot.simulator.world import World

PLURALS = {"commit": "commits", "tree": "trees", "blob": "blobs", "tag": "tags"}


def object_url(world: World, repository: Repository, kind: str, sha: str) -> str:
    return f"{_api(world, repository)}/git/{PLURALS[kind]}/{sha}"


def ref_view(
    world: World, repository: Repository, name: str, sha: str, kind: str
) -> dict[str, Any]:
    """`kind` is the type of the object that the ref is at."""
    return {
        "ref": readable(name),
        "node_id": git_node_id("ref", repository.id, name),
        "url": f"{_api(world, repository)}/git/{quoted(name)}",
        "object": {"type": kind, "sha": sha, "url": object_url(world, repository, kind, sha)},
    }


def git_commit_view(world: World, repository: Repository, commit: Commit) -> dict[str, Any]:
    full_name = world.full_name(repository)
    return {
        "sha": commit.sha,
        "node_id": git_node_id("commit", repository.id, commit.sha),
        "url": object_url(world, repository, "commit", commit.sha),
        "html_url": world.urls.page(full_name, "commit", commit.sha),
        "author": person_view(commit.author),
        "committer": person_view(commit.committer),
        "tree": {
            "sha": commit.tree,
            "url": object_url(world, repository, "tree", commit.tree),
        },
        "message": commit.message.removesuffix("\n"),
        "parents": [
            {
                "sha": sha,
                "url": object_url(world, repository, "commit", sha),
                "html_url": world.urls.page(full_name, "commit", sha),
            }
            for sha in commit.parents
        ],
        "verification": verification_view(commit),
    }


def git_tree_view(
    world: World, repository: Repository, sha: str, entries: Sequence[Entry], *, truncated: bool
) -> dict[str, Any]:
    return {
        "sha": sha,
        "url": object_url(world, repository, "tree", sha),
        "tree": [_entry(world, repository, entry) for entry in entries],
        "truncated": truncated,
    }


def git_tag_view(world: World, repository: Repository, tag: Tag) -> dict[str, Any]:
    nobody = {"name": "", "email": "", "date": "1970-01-01T00:00:00Z"}
    return {
        "node_id": git_node_id("tag", repository.id, tag.sha),
        "sha": tag.sha,
        "url": object_url(world, repository, "tag", tag.sha),
        "tag": tag.name,
        "message": tag.message.removesuffix("\n"),
        "tagger": nobody if tag.tagger is None else person_view(tag.tagger),
        "object": {
            "sha": tag.target,
            "type": tag.target_type,
            "url": object_url(world, repository, tag.target_type, tag.target),
        },
        "verification": verification_view(),
    }


def _entry(world: World, repository: Repository, entry: Entry) -> dict[str, Any]:
    view: dict[str, Any] = {
        "path": readable(entry.path),
        "mode": entry.mode,
        "type": entry.type,
        "sha": entry.sha,
    }
    if entry.type == "blob":
        view["size"] = entry.size or 0
    if entry.type != "commit":
        view["url"] = object_url(world, repository, entry.type, entry.sha)
    return view


def _api(world: World, repository: Repository) -> str:
    return world.urls.repository(world.full_name(repository))
