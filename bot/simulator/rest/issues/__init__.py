"""Issues and what belongs to them, also where a pull request is seen as an issue."""

from __future__ import annotations

from bot.simulator.rest.issues import comments, issues, labels

ROUTERS = (comments.router, labels.router, issues.router)
"""In the order in which their paths are tried: `/issues/comments` before `/issues/{number}`."""
