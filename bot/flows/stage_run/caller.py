"""The small workflows a repository gets, which call ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bot.errors import Refused

CALLER_FILE = "otp-genesis.yml"
"""Runs stages. Below `.github/workflows/`; `Policy.workflow` names another one."""
BOT_FILE = "otp-genesis-bot.yml"
"""Reacts, where there is no server."""

SET_KEY = "gh secret set GENESIS_PRIVATE_KEY < the App's key"
SET_SEAL = "openssl rand -hex 32 | gh secret set GENESIS_SEAL"
"""For where it is no App; by a pipe, for arguments can be seen by others on the machine."""

BOT_PERMISSIONS = (
    ("actions", "write", "starts the workflows that run stages and checks"),
    ("checks", "write", "says how a stage went"),
    ("contents", "write", "keeps plans, moves its own branches"),
    ("issues", "write", "plans and answers there"),
    ("pull-requests", "write", "opens one for each stage"),
    ("statuses", "read", "waits for checks of this kind too"),
)
"""Of the job's token, where it is all the bot has; with what for."""

_TEMPLATES = Path(__file__).parent / "templates"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}\Z")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")


def caller_workflow(*, owner: str, ref: str, version: str) -> str:
    """Its text: `owner` has the repository otp-genesis, whose `ref` is called.

    `version` is installed where a runner has no genesis. Raises `Refused` for what is no word.
    """
    return filled(_TEMPLATES / CALLER_FILE, OWNER=owner, REF=ref, VERSION=version)


def bot_workflow(
    *,
    owner: str,
    ref: str,
    version: str,
    branch: str,
    app_id: int = 0,
    checks: tuple[str, ...] = (),
) -> str:
    """The one that reacts, as the App `app_id`, or for 0 with the job's own token.

    `branch` is the default one; `checks` are names of the team's workflows that check pull
    requests. Raises `Refused`.
    """
    words = {"OWNER": owner, "REF": ref, "VERSION": version, "BRANCH": branch}
    text = filled(_TEMPLATES / BOT_FILE, **words)
    for name in checks:
        if not _NAME.match(name):
            raise Refused(f"cannot stand in a workflow: {name!r}")
    named = "".join(f", {json.dumps(name, ensure_ascii=False)}" for name in checks)
    rights = "".join(f"\n      {name}: {level} # {why}" for name, level, why in BOT_PERMISSIONS)
    text = text.replace("@CHECKS@", named)
    text = text.replace("@PERMISSIONS@", " {}" if app_id else rights)
    return text.replace("@APP@", f'\n      app_id: "{app_id}"' if app_id else "")


def filled(template: Path, **words: str) -> str:
    """Its text with a word for each `@MARK@`; raises `Refused` for what is no word."""
    text = template.read_text(encoding="utf-8")
    for mark, word in words.items():
        if not _WORD.match(word):
            raise Refused(f"cannot stand in a workflow: {word!r}")
        text = text.replace(f"@{mark}@", word)
    return text
