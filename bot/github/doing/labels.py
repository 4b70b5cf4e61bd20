"""Labels: on issues and pull requests, and in the repository first."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from bot.core.lifecycle.commands import SetLabels
from bot.github.doing.context import Doing, Here
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


def add_labels(here: Here, on: int, names: Iterable[str]) -> None:
    """Put them on an issue or pull request."""
    wanted = list(names)
    if wanted:
        make_labels(here, wanted)
        where = f"./issues/{on}/labels"
        here.client.post("issues", where, {"labels": wanted}, creates=False)


def make_labels(here: Here, names: Iterable[str]) -> None:
    """Create those the repository has not, with our colours.

    Those that were there a moment ago are not looked for: GitHub would make them, in grey.
    """
    for name in names:
        key = here.key("label", name)
        if here.app.made.get(key):
            continue
        if here.client.find(f"./labels/{quote(name, safe='')}") is None:
            _make(here, name)
        here.app.made.put(key, True)


def _make(here: Here, name: str) -> None:
    colour, about = COLOURS.get(name, _OTHER)
    try:
        body = {"name": name, "color": colour, "description": about}
        here.client.post("issues", "./labels", body)
    except Rejected:
        # Made by another worker since we looked; if not, GitHub says so where it is used.
        return
