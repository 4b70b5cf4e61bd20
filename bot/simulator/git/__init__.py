"""The git side: bare repositories, merges and git over HTTP.

One `BareRepository` object a folder, as it caches refs and is the only one that writes them.
Whatever takes a revision's sha takes it in full; `resolve` makes one of a name.
"""

from __future__ import annotations

from bot.simulator.git.errors import (
    GitFailed,
    MergeConflict,
    ObjectInvalid,
    RefExists,
    RefMissing,
    RefMoved,
    RefRefused,
    RepositoryError,
    TooLarge,
    UnknownObject,
    UnusableSource,
)
from bot.simulator.git.gate import Admission, Denied, Gate
from bot.simulator.git.merging import (
    Conflicts,
    Merged,
    merge_commit,
    rebase_commits,
    squash_commit,
    try_merge,
)
from bot.simulator.git.news import PathChanges, path_changes, shas_beyond
from bot.simulator.git.objects import (
    EMPTY_TREE,
    NULL_SHA,
    Commit,
    Entry,
    FileChange,
    Person,
    RefChange,
    Tag,
    TreeEdit,
)
from bot.simulator.git.policy import PushPolicy, RefRule
from bot.simulator.git.refnames import is_branch_name, is_ref_name
from bot.simulator.git.repository import BareRepository
from bot.simulator.git.smart_http import git_routes

__all__ = [
    "EMPTY_TREE",
    "NULL_SHA",
    "Admission",
    "BareRepository",
    "Commit",
    "Conflicts",
    "Denied",
    "Entry",
    "FileChange",
    "Gate",
    "GitFailed",
    "MergeConflict",
    "Merged",
    "ObjectInvalid",
    "PathChanges",
    "Person",
    "PushPolicy",
    "RefChange",
    "RefExists",
    "RefMissing",
    "RefMoved",
    "RefRefused",
    "RefRule",
    "RepositoryError",
    "Tag",
    "TooLarge",
    "TreeEdit",
    "UnknownObject",
    "UnusableSource",
    "git_routes",
    "is_branch_name",
    "is_ref_name",
    "merge_commit",
    "path_changes",
    "rebase_commits",
    "shas_beyond",
    "squash_commit",
    "try_merge",
]
