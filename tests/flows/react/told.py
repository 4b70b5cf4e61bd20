"""What docs/troubleshooting.md says that people read on an issue or a pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"
HEADING = "## On the issue or the pull request\n"


@cache
def rows() -> Mapping[str, str]:
    """The quoted text of each case."""
    section = PAGE.read_text().partition(HEADING)[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.+?) \| \"(.+?)\" \| (.+?) \|$", section, re.MULTILINE)
    return {case: text for case, text, _ in lines}


def says(told: str, case: str) -> bool:
    """Whether the text has the quote of the case in it, whatever stands for its `…`."""
    pieces = (re.escape(piece.strip()) for piece in rows()[case].split("…"))
    return re.search(r"\s*.*?\s*".join(pieces), told, re.DOTALL) is not None
