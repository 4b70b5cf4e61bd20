"""What people ask for in comments and by ticking boxes, and whether they may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from bot.core.lifecycle.facts import Comment, Facts, Role, Tick, may
from bot.core.lifecycle.obeying import Answer, obey
from bot.core.lifecycle.requests import USAGE, Request, Wrong, parse
from bot.core.lifecycle.state import Asked, PlanLife
from bot.core.policy import Verb
from bot.core.render.github import markers, replies

EDITED = (
    "Edited comments are not obeyed: what was approved must be what was said."
    " Say it in a comment of its own."
)
_BOX = re.compile(r"(approve|retry|skip)(?:-([1-5]))?\Z")
_VERBS: Mapping[str, Verb] = {"approve": "approve", "retry": "retry", "skip": "skip"}
MAX_REPLY = 20_000
GRACE = timedelta(minutes=2)
"""How long a box may stay ticked before it is asked who did."""


def observe(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan after all that was newly asked for, in the order it was said."""
    if facts.issue is not None and facts.issue.locked:
        return life
    life = _seen(life, facts)
    for comment in facts.comments:
        if new(life, comment):
            life = _heard(life, comment, facts)
    for tick in facts.ticks:
        life = _ticked(life, tick, facts)
    return life


def new(life: PlanLife, comment: Comment) -> bool:
    """Whether it is a person's, and what it asks for was not looked at yet."""
    machine = comment.bot or comment.ours or comment.author.endswith("[bot]")
    return not machine and comment.id not in life.handled


def answer_to(life: PlanLife, tick: Tick, facts: Facts) -> str:
    """What the person who ticked a box is told if nothing comes of it; empty where it does."""
    request = request_of(tick)
    if request is None or tick.box in life.ticked:
        return ""
    if not _known(tick):
        return "" if awaited(life, tick, facts) else replies.unknown_ticker(tick.box)
    said = _one(life, request, Asked(actor=tick.actor, source="tick"), tick.role, facts)
    return "" if said.done else f"@{tick.actor}: {said.text}"


def awaited(life: PlanLife, tick: Tick, facts: Facts) -> bool:
    """Whether the delivery that tells who ticked a box may still come."""
    since = life.unclaimed.get(tick.box)
    unknown = not _known(tick) and tick.box not in life.ticked and request_of(tick) is not None
    return unknown and (since is None or facts.now - since < GRACE)


def _known(tick: Tick) -> bool:
    return bool(tick.actor) and not tick.actor.endswith("[bot]")


def request_of(tick: Tick) -> Request | None:
    """The command a box stands for."""
    found = _BOX.match(tick.box)
    if found is None or (found[1] != "approve" and not found[2]):
        return None
    return Request(_VERBS[found[1]], int(found[2]) if found[2] else None)


def answered(life: PlanLife, facts: Facts) -> frozenset[int]:
    """Ids of the comments that an answer of ours is seen for."""
    fields = (markers.read(c.body) or {} for c in facts.comments if c.ours)
    numbers = (f.get("re", "") for f in fields if f.get("plan") == life.plan)
    return frozenset(int(n) for n in numbers if n.isascii() and n.isdigit() and len(n) < 20)


def _seen(life: PlanLife, facts: Facts) -> PlanLife:
    """Without the answers that are there, or whose question is gone, and the boxes now empty.

    What we answered was heard, also where the record was set back to before that.
    """
    done, there = answered(life, facts), {c.id for c in facts.comments}
    heard = sorted(n for n in done & there if n not in life.handled)
    waiting = {n: text for n, text in life.replies.items() if n in there and n not in done}
    boxes = {tick.box for tick in facts.ticks}
    return life.model_copy(
        update={
            "handled": (*life.handled, *heard),
            "replies": waiting,
            "refused": tuple(n for n in life.refused if n in waiting),
            "ticked": tuple(box for box in life.ticked if box in boxes),
            "unclaimed": {box: since for box, since in life.unclaimed.items() if box in boxes},
        }
    )


def _heard(life: PlanLife, comment: Comment, facts: Facts) -> PlanLife:
    asked = parse(comment.body)
    if not asked:
        return life
    if comment.edited:
        return _replied(life, comment, (Answer(life, EDITED, done=False),))
    who = Asked(actor=comment.author, source="comment", id=comment.id)
    answers = []
    wrong = [item for item in asked if isinstance(item, Wrong)]
    for item in asked:
        if isinstance(item, Request):
            item = _placed(life, item, comment)
            said = _one(life, item, who, comment.role, facts)
            life = said.life
            answers.append(said)
    if wrong:
        answers.append(Answer(life, replies.usage(wrong), done=False))
    return _replied(life, comment, tuple(answers))


def _placed(life: PlanLife, request: Request, comment: Comment) -> Request:
    """The request with the stage that is talked about where it was said."""
    if request.stage is not None:
        return request
    here = (s.number for s in life.stages if comment.on and comment.on in (s.issue, s.pull))
    return Request(request.verb, next(here, None), request.argument)


def _one(life: PlanLife, request: Request, who: Asked, role: Role, facts: Facts) -> Answer:
    need = facts.policy.needs(request.verb)
    if not may(role, need):
        return Answer(life, replies.refusal(request.verb, role, need), done=False)
    return obey(life, request, who, facts)


def _replied(life: PlanLife, comment: Comment, answers: tuple[Answer, ...]) -> PlanLife:
    texts = dict.fromkeys(a.text for a in answers if a.text)
    text = "\n\n".join(texts)[:MAX_REPLY] or f"Nothing to do. `{USAGE['help']}` explains."
    good = all(a.done for a in answers)
    return life.model_copy(
        update={
            "handled": (*life.handled, comment.id),
            "replies": {**life.replies, comment.id: text},
            "refused": life.refused if good else (*life.refused, comment.id),
        }
    )


def _ticked(life: PlanLife, tick: Tick, facts: Facts) -> PlanLife:
    request = request_of(tick)
    if request is None or tick.box in life.ticked:
        return life
    if not _known(tick):
        since = life.unclaimed.get(tick.box, facts.now)
        return life.model_copy(update={"unclaimed": {**life.unclaimed, tick.box: since}})
    said = _one(life, request, Asked(actor=tick.actor, source="tick"), tick.role, facts)
    if not said.done:
        return life
    return said.life.model_copy(update={"ticked": (*said.life.ticked, tick.box)})
