"""The person who asked for a plan, as the co-author of its commits."""

from __future__ import annotations

import re

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?(?:\[bot\])?\Z")
SECONDS = 20.0


def co_author(login: str, api: str, token: str) -> str:
    """`login <id+login@users.noreply...>`; without the id where it cannot be had, empty for none.

    With the id the server knows the account whatever its address settings are.
    """
    if not LOGIN.match(login):
        return ""
    number = _number(login, api, token)
    return f"{login} <{f'{number}+' if number else ''}{login}@users.noreply.github.com>"


def _number(login: str, api: str, token: str) -> int:
    import httpx

    headers = {"accept": "application/vnd.github+json", "user-agent": "otp-genesis"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        answer = httpx.get(f"{api}/users/{login}", headers=headers, timeout=SECONDS)
        found = answer.json()["id"] if answer.status_code == 200 else 0
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return 0
    return found if isinstance(found, int) and found > 0 else 0
