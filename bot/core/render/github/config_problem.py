"""What people are told about a configuration that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.render.github.foreign import inline, silent
from bot.core.render.markdown import code

TITLE = "Action required: the configuration of OTP-Genesis cannot be used"
MOST = 50
"""Problems that are listed; one mistake often causes many."""

Problem = tuple[int, int, str]
"""Line and column from 1, 0 where there is none; what is wrong."""


def config_issue(path: str, link: str, problems: Sequence[Problem]) -> str:
    """Body of the issue, without its marker; `link` leads to the file as it is."""
    parts = [
        f"{code(path)} on the default branch cannot be used, so nothing is changed in this"
        " repository until it is mended: plans wait, and no stage is started.",
        _listed(problems, link),
        f"`genesis config validate {path}` checks it before it is pushed. This issue is closed by"
        " itself once the file is right.",
    ]
    return silent("\n\n".join(parts))


def config_check(path: str, problems: Sequence[Problem]) -> tuple[str, str]:
    """Title and summary of the check run on a commit."""
    if not problems:
        return "The configuration is right", f"{code(path)} can be used."
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    title = f"The configuration cannot be used: {count}"
    return title, silent(f"{code(path)} cannot be used:\n\n{_listed(problems)}")


def _listed(problems: Sequence[Problem], link: str = "") -> str:
    lines = [f"- {_place(line, link)}{inline(text)}" for line, _, text in problems[:MOST]]
    if len(problems) > MOST:
        lines.append(f"- and {len(problems) - MOST} more")
    return "\n".join(lines)


def _place(line: int, link: str) -> str:
    if not line:
        return ""
    return f"[line {line}]({link}#L{line}): " if link else f"line {line}: "
