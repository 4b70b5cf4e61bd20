"""The small workflow a repository gets, which calls ours."""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import Refused

CALLER_FILE = "otp-genesis.yml"
"""Below `.github/workflows/`; `Policy.workflow` names another one."""

_TEMPLATE = Path(__file__).parent / "templates" / CALLER_FILE
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}\Z")


def caller_workflow(*, owner: str, ref: str, version: str) -> str:
    """Its text: `owner` has the repository otp-genesis, whose `ref` is called.

    `version` is installed where a runner has no genesis. Raises `Refused` for what is no word.
    """
    text = _TEMPLATE.read_text(encoding="utf-8")
    for mark, word in (("@OWNER@", owner), ("@REF@", ref), ("@VERSION@", version)):
        if not _WORD.match(word):
            raise Refused(f"cannot stand in a workflow: {word!r}")
        text = text.replace(mark, word)
    return text
