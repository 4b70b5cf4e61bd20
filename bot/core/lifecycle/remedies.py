"""What GitHub does not do: in its words, and with the one thing that mends it."""

from __future__ import annotations

import re

from bot.core.lifecycle.attempts import shown

_WORKFLOW = (
    "Replace the workflow `.github/workflows/{workflow}` on the default branch by what"
    " `genesis config workflow` prints"
)
_RIGHTS = "An owner accepts what the App asks for: the App's page under Settings > GitHub Apps"
_RULES = "An admin lets the App push to `genesis/**`: Settings > Rules"

_OLDER = (
    "Workflows of the base branch changed since this branch was made, and the App may not write"
    " workflows: delete the branch"
)

_STARTABLE = (
    "The workflows that `dispatch_checks` names have to be on the default branch and on this one,"
    " with `workflow_dispatch`"
)

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        "take the commits.* (?:not accessible by integration|without .?workflows.? permission)",
        _OLDER,
    ),
    ("start its checks.*(?:'workflow_dispatch' trigger|not found)", _STARTABLE),
    (
        "actions has been disabled",
        "An admin switches Actions on: Settings > Actions > General, of the repository or of the"
        " organisation",
    ),
    (
        "'workflow_dispatch' is not allowed",
        "An admin allows this App and the event `workflow_dispatch` in the workflow execution"
        " protections of the repository, the organisation or the enterprise",
    ),
    ("on a disabled workflow", "Somebody who may write enables the workflow on the Actions page"),
    ("does not have 'workflow_dispatch' trigger", _WORKFLOW),
    ("unexpected inputs", _WORKFLOW),
    ("required input", _WORKFLOW),
    ("failed to parse workflow", _WORKFLOW),
    ("not accessible by integration", _RIGHTS),
    ("not granted to this installation", _RIGHTS),
    (
        "not permitted to create or approve pull requests",
        "An admin allows Actions to create and approve pull requests: Settings > Actions > General",
    ),
    ("no commits between", "The attempt changed nothing of the base branch"),
    ("rule violations", _RULES),
    ("protected branch", _RULES),
)
"""By what is not done and the words for it; the first pattern that is found."""


def refused(what: str, words: str, workflow: str) -> str:
    """Sentences without the last full stop: `what` is not done, GitHub's `words`, what mends it."""
    told = f"GitHub does not {what}: {shown(words)}".rstrip(". ")
    found = (mends for pattern, mends in _REMEDIES if re.search(pattern, told, re.IGNORECASE))
    mends = next(found, "").format(workflow=workflow)
    return f"{told}. {mends}" if mends else told
