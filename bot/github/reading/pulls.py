"""A stage's pull request: where it stands, what reviewers say."""

from __future__ import annotations

from typing import Any

from bot.core.lifecycle.facts import PullFacts
from bot.core.lifecycle.state import ENDED, StageLife
from bot.core.names import branch_of
from bot.github.reading.checks import check_facts
from bot.github.reading.context import Reading
from bot.github.reading.talk import NOTHING, talk_of


def pull_of(reading: Reading, stage: StageLife, *, branch: bool) -> dict[str, Any] | None:
    """The pull request we know, else the newest one of the stage's branch that is ours.

    A person's own of what we put there counts once it is merged: then there is no other one.
    That of a merged stage is not asked for: nothing becomes of it any more.
    """
    if stage.pull:
        if stage.status == "merged":
            return None
        known: dict[str, Any] | None = reading.client.find(f"./pulls/{stage.pull}")
        return known
    if not branch and not stage.head:
        return None
    owner = reading.client.full_name.partition("/")[0]
    head = f"{owner}:{branch_of(reading.life.plan, stage.number)}"
    listed = reading.client.pages("./pulls", state="all", head=head)
    new = [p for p in listed if p["number"] not in stage.past]
    base = reading.life.base_branch
    mine = [p["number"] for p in new if taken_up(p, stage.head, base)]
    mine = mine or [p["number"] for p in new if reading.ours(p)]
    # A list leaves out what a single answer has: whether it conflicts, how many comments.
    found: dict[str, Any] | None = reading.client.find(f"./pulls/{max(mine)}") if mine else None
    return found


def taken_up(pull: dict[str, Any], head: str, base: str) -> bool:
    """Whether our commits, and these alone, were merged to where they belong, by whoever it was."""
    return bool(pull["merged_at"]) and (pull["head"]["sha"], pull["base"]["ref"]) == (head, base)


def pull_facts(reading: Reading, stage: StageLife, pull: dict[str, Any]) -> PullFacts:
    """The pull request with its checks and reviews; those of an ended stage are not asked for."""
    live = pull["state"] == "open" and stage.status not in ENDED
    if pull["state"] == "open":
        reading.talks[pull["number"]] = pull["comments"]
    talk = talk_of(reading, pull) if live else NOTHING
    return PullFacts(
        number=pull["number"],
        node=pull["node_id"],
        state=pull["state"],
        merged=bool(pull.get("merged")),
        merge_commit=(pull.get("merge_commit_sha") or "") if pull.get("merged") else "",
        draft=bool(pull.get("draft")),
        base=pull["base"]["ref"],
        head=pull["head"]["sha"],
        title=pull["title"],
        body=pull["body"] or "",
        labels=tuple(label["name"] for label in pull["labels"]),
        conflict=_conflict(pull),
        queued=talk.queued,
        checks=check_facts(reading, pull["head"]["sha"]) if live else (),
        held=_held(reading, stage, pull) if live else (),
        reviews=talk.reviews,
        threads=talk.threads,
    )


def _held(reading: Reading, stage: StageLife, pull: dict[str, Any]) -> tuple[str, ...]:
    """The workflows that wait for approval; a run that does has no check to be seen by."""
    head = pull["head"]["sha"]
    if head != stage.head or stage.status not in ("pr-open", "checking", "needs-human"):
        return ()
    listed = reading.client.pages(
        "./actions/runs", key="workflow_runs", head_sha=head, status="action_required"
    )
    return tuple(sorted({str(run["name"] or run["path"]) for run in listed}))


def _conflict(pull: dict[str, Any]) -> bool | None:
    if pull.get("mergeable_state") == "dirty":
        return True
    mergeable = pull.get("mergeable")
    return None if mergeable is None else not mergeable
