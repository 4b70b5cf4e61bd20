"""Texts as they are shown: rendered, as they were written, or in a form for editing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from bot.simulator.pages.conversation.texts import Text, may_edit, may_speak
from bot.simulator.pages.markdown import Markdown
from bot.simulator.pages.references import setting_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Comment, Issue, ReactionContent
from bot.simulator.records.pulls import Review, ReviewComment
from bot.simulator.rest.scope import Here
from bot.simulator.views.associations import association

Mode = Literal["shown", "raw", "edit"]

EMOJI: dict[ReactionContent, str] = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}
PATIENCE = 0.6
"""Seconds of one page's making that rendering may take; what is beyond is shown as it was
written, until it is asked for again: what was rendered once costs nothing."""


@dataclass(frozen=True)
class Reacted:
    content: ReactionContent
    emoji: str
    count: int
    mine: bool
    who: str


@dataclass(frozen=True)
class Remark:
    """`html` is None where the text is shown as it was written or stands in a form."""

    text: Text
    author: Account | None
    association: str
    mode: Mode
    html: Markup | None
    may_edit: bool
    may_react: bool
    reactions: list[Reacted]
    minimized: str | None = None

    @property
    def edited(self) -> bool:
        """Issues are touched by everything and reviews keep no time of it, so they cannot tell."""
        row = self.text.row
        return isinstance(row, Comment | ReviewComment) and row.updated_at > row.created_at

    @property
    def when(self) -> datetime | None:
        """None for a review that is not yet submitted."""
        row = self.text.row
        return row.submitted_at if isinstance(row, Review) else row.created_at


class Remarks:
    """Makes the remarks of one page: which of them is in which mode, and who looks at them."""

    def __init__(self, here: Here) -> None:
        self._here = here
        self._markdown: Markdown = here.request.app.state.markdown
        self._setting = setting_of(here.world, here.repository)
        self._associations: dict[int, str] = {}
        self._spent = 0.0

    def make(self, text: Text) -> Remark:
        here, row = self._here, text.row
        editable = may_edit(here, text)
        mode = self._mode(text, editable)
        html = self._rendered(text, editable) if mode == "shown" else None
        return Remark(
            text,
            here.tables.accounts.get(row.author_id),
            self._association(row.author_id),
            mode,
            html,
            editable,
            text.kind != "review" and may_speak(here, text.issue),
            self._reactions(text),
            None if isinstance(row, Issue) else row.minimized,
        )

    def _rendered(self, text: Text, editable: bool) -> Markup | None:
        setting = self._setting.ticking(text.form if editable else "")
        if self._spent > PATIENCE and not self._markdown.knows(text.body, setting):
            return None
        began = time.perf_counter()
        html = self._markdown.render(text.body, setting)
        self._spent += time.perf_counter() - began
        return html

    def _mode(self, text: Text, editable: bool) -> Mode:
        asked = self._here.request.query_params
        if asked.get("edit") == text.anchor and editable:
            return "edit"
        return "raw" if asked.get("raw") == text.anchor else "shown"

    def _association(self, account_id: int) -> str:
        if account_id not in self._associations:
            here = self._here
            self._associations[account_id] = association(here.world, here.repository, account_id)
        return self._associations[account_id]

    def _reactions(self, text: Text) -> list[Reacted]:
        if text.kind == "review":
            return []
        tables, me = self._here.tables, self._here.caller.actor
        given = tables.reactions.where("subject", (text.kind, text.row.id))
        counts = Counter(reaction.content for reaction in given)
        return [
            Reacted(
                content,
                emoji,
                counts[content],
                any(me and r.account_id == me.id and r.content == content for r in given),
                ", ".join(
                    tables.accounts[r.account_id].login for r in given if r.content == content
                ),
            )
            for content, emoji in EMOJI.items()
        ]
