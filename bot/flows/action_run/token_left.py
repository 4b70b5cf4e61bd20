"""The job's token in the checkout, where code of the project could read it."""

from __future__ import annotations

from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.flows.watch import Watcher

_HEADER = r"^http\..*extraheader$"
"""Where actions/checkout keeps it, since version 6 in a file that the checkout includes."""


def warn_of_token(repository: Repository, sandbox: Sandbox, watch: Watcher) -> None:
    """Say so before project code runs without a sandbox; in one, `.git` is not to be seen."""
    if sandbox.isolated:
        return
    asked = ("config", "--includes", "--name-only", "--get-regexp", _HEADER)
    if repository.git.run(*asked, check=False).stdout.strip():
        watch.note(
            "there is no sandbox, and the checkout holds the job's token, which tests can read:"
            " give actions/checkout `persist-credentials: false`"
        )
