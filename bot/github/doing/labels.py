"""Labels: on issues and pull requests, and in the repository first."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from bot.core.lifecycle.commands import SetLabels
from bot.github.doing.context import Doing
from bot.github.errors import Rejected

COLOURS = {
    "otp-refactor": ("8250df", "Asks OTP-Genesis for a plan"),
    "genesis:plan": ("8250df", "A plan of OTP-Genesis"),
    "genesis:stage": ("0969da", "One stage of a plan"),
    "genesis:needs-human": ("d1242f", "OTP-Genesis waits for a person"),
    "genesis:not-ready": ("9a6700", "Not ready to be merged: its checks are not green yet"),
}
"""Colour and description by label; others of ours are grey."""

_OTHER = ("6e7781", "")


def set_labels(doing: Doing, command: SetLabels) -> None:
    """Add and remove; what is so already is no error."""
    add_labels(doing, command.on, command.add)
    for name in command.remove:
        doing.client.delete("issues", f"./issues/{command.on}/labels/{quote(name, safe='')}")


def add_labels(doing: Doing, on: int, names: Iterable[str]) -> None:
    """Put them on an issue or pull request."""
    wanted = list(names)
    if wanted:
        make_labels(doing, wanted)
        where = f"./issues/{on}/labels"
        doing.client.post("issues", where, {"labels": wanted}, creates=False)


def make_labels(doing: Doing, names: Iterable[str]) -> None:
    """Create those the repository has not, with our colours.

    Those that were there a moment ago are not looked for: GitHub would make them, in grey.
    """
    for name in names:
        key = doing.key("label", name)
        if doing.app.made.get(key):
            continue
        if doing.client.find(f"./labels/{quote(name, safe='')}") is None:
            _make(doing, name)
        doing.app.made.put(key, True)


def _make(doing: Doing, name: str) -> None:
    colour, about = COLOURS.get(name, _OTHER)
    try:
        body = {"name": name, "color": colour, "description": about}
        doing.client.post("issues", "./labels", body)
    except Rejected:
        # Made by another worker since we looked; if not, GitHub says so where it is used.
        return
