"""The person who asked for a plan, as the co-author of its commits."""

from __future__ import annotations

import json
import re
from http.client import HTTPException
from urllib.request import Request, urlopen

from bot.codebase.remote_git import checked_url
from bot.errors import Refused

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?(?:\[bot\])?\Z")
SECONDS = 20.0
MOST_BYTES = 1_000_000


def co_author(login: str, api: str, token: str) -> str:
    """`login <id+login@users.noreply...>`; without the id where it cannot be had, empty for none.

    With the id the server knows the account whatever its address settings are. The runner has no
    GitHub client installed, and needs none for this.
    """
    if not LOGIN.match(login):
        return ""
    number = _number(login, api, token)
    return f"{login} <{f'{number}+' if number else ''}{login}@users.noreply.github.com>"


def _number(login: str, api: str, token: str) -> int:
    headers = {"accept": "application/vnd.github+json", "user-agent": "otp-genesis"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        url = checked_url(f"{api}/users/{login.replace('[', '%5B').replace(']', '%5D')}")
        request = Request(url, headers=headers)  # noqa: S310 - http and https only, checked above
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
            found = json.loads(answer.read(MOST_BYTES))["id"]
    except (OSError, HTTPException, ValueError, KeyError, TypeError, Refused):
        return 0
    return found if isinstance(found, int) and found > 0 else 0
