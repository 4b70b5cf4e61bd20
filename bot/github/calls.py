"""Where a team's workflow calls one of ours; light, for a laptop has no GitHub client."""

from __future__ import annotations

import re

FOLDER = ".github/workflows"
MOST_BYTES = 512 * 1024
"""GitHub takes no larger workflow file."""
CALLS = re.compile(
    r"^[ \t]*uses:[ \t]*[\"']?([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+)"
    r"/(\.github/workflows/(?:stage|bot)\.yml)@([A-Za-z0-9._/-]+)[\"']?",
    re.MULTILINE,
)
"""A call of one of our reusable workflows: owner, repository, path, ref."""
