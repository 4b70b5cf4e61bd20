"""Permissions that the App was not granted: what a person is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.render.github.foreign import inline, silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.markdown import code

GRANTED = "The App has all its permissions again, and goes on."


def rights_missing(permissions: Sequence[str], page: str) -> str:
    """The comment on the plan's issue, without its marker; `page` is the server's word."""
    where = f" at {page}" if page.startswith(("https://", "http://")) else ""
    parts = [
        "**OTP-Genesis cannot go on here: its App was not granted what it needs.**",
        "\n".join(f"- {code(inline(name))}" for name in permissions),
        f"An owner accepts the App's permissions{where}, or sets them in the settings of the App"
        " first, where it does not ask for them. `docs/permissions.md` of OTP-Genesis says what"
        " each is for.",
        "Until then nothing is done here, and no attempt is counted. It goes on by itself once"
        " they are granted; what GitHub refused meanwhile is tried again by `/genesis retry`.",
    ]
    return fit(silent("\n\n".join(parts)), limit=BODY)
