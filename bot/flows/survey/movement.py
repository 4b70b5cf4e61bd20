"""What moved in a repository since the last sweep, for a few calls however many plans it has.

One `ls-remote` shows the plans' refs, their branches and the bases; two lists show what was said
and done in issues, a third one which are labelled; a base that moved is compared once for all
plans. What none of these can show, a look at some plans in turn does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zlib import crc32

from bot.config import CONFIG_PATH
from bot.core.events import BRANCH, PLAN
from bot.core.lifecycle.requests import parse
from bot.core.policy import Policy
from bot.flows.survey.changes import (
    Changes,
    changes,
    digest,
    labels_of,
    newest,
    number_of,
    on_pull,
)
from bot.flows.survey.looks import Look, Seen
from bot.github.client import Client
from bot.github.reading.drift import MOST_FILES
from bot.github.reading.repository import policy_of
from bot.github.remote_store import RemoteStore
from bot.github.store import PREFIX

ROUNDS = 24
"""Sweeps within which every plan is looked at, heard of or not."""
MOST_UNKNOWN = 100
"""Plans nothing is known of that one sweep looks at: more would use an hour's calls up at once."""
MOST_PULLS = 20
"""Pull requests of others that one sweep looks at for what they do to the configuration."""
HEADS = "refs/heads/"
SHAPE = ("full_name", "archived", "disabled", "has_issues", "default_branch")


@dataclass(frozen=True)
class Movement:
    """What to look at, and the repository as the next sweep finds it."""

    plans: tuple[str, ...]
    """Something moved there, or is under way."""
    later: tuple[str, ...]
    """Nothing was heard of these; it is their turn."""
    config: bool
    pulls: tuple[int, ...]
    """Those of others that may change the configuration."""
    seen: Seen


@dataclass
class Survey:
    """One repository as it is now; asks GitHub once for each part."""

    client: Client
    store: RemoteStore
    about: Mapping[str, Any]
    """As a list of repositories has it."""
    looks: Mapping[str, Look]
    before: Seen | None
    now: datetime

    def moved(self) -> Movement:
        """Since the last sweep; raises what GitHub says."""
        before, shape = self.before, digest([self.about.get(name) for name in SHAPE])
        policy, shown = self._policy(), self._shown()
        number = before.round + 1 if before is not None else 0
        anew = before is None or before.shape != shape or self._config_moved or not shown.whole
        heard = self._under_way() | self._by_refs() | self._by_base()
        heard |= self._by_entries(shown, policy.label) if before is not None else set()
        heard |= set(self.looks) if anew else set()
        turn = self._in_turn("", number)
        later = self._unknown(number) | {p for p in self.looks if self._in_turn(p, number)}
        # Each time: a look that came to nothing leaves neither a record nor another trace.
        later |= self._labelled(policy.label) - self.looks.keys()
        return Movement(
            plans=_sorted(heard),
            later=_sorted(later - heard),
            config=anew or turn,
            pulls=_of_others(shown) if before is not None else (),
            seen=Seen(
                shape=shape,
                label=policy.label,
                workflow=policy.workflow,
                heads=self._heads,
                plans=self._digests,
                cursor=shown.cursor,
                entries=dict(shown.known),
                round=number,
            ),
        )

    def pushed(self) -> tuple[str, ...]:
        """The plans that a push to a base can be about; raises what GitHub says."""
        if self._config_moved:
            return _sorted(self._plans)
        unknown = self._unknown(self.before.round if self.before is not None else 0)
        return _sorted(self._under_way() | self._by_base() | unknown)

    @cached_property
    def _refs(self) -> Mapping[str, str]:
        heads = (f"{HEADS}{branch}" for branch in self._branches)
        return self.store.refs(f"{HEADS}genesis/*", *heads)

    @property
    def _branches(self) -> list[str]:
        named = {look.branch for look in self.looks.values()}
        return sorted({str(self.about["default_branch"]), *named} - {""})

    @property
    def _plans(self) -> set[str]:
        names = (name.removeprefix(PREFIX) for name in self._refs if name.startswith(PREFIX))
        return set(filter(PLAN.match, names))

    @property
    def _heads(self) -> dict[str, str]:
        return {branch: self._refs.get(f"{HEADS}{branch}", "") for branch in self._branches}

    @property
    def _digests(self) -> dict[str, str]:
        """Of the refs of each plan that has a record."""
        own: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, tip in self._refs.items():
            branch = BRANCH.match(name.removeprefix(HEADS))
            own[branch["plan"] if branch else name.removeprefix(PREFIX)].append((name, tip))
        return {plan: digest(sorted(own[plan])) for plan in self._plans}

    @cached_property
    def _changed(self) -> Mapping[str, frozenset[str] | None]:
        """By branch that moved its files that others may have changed; None for any of them."""
        before = self.before.heads if self.before is not None else {}
        moved = {branch: tip for branch, tip in self._heads.items() if before.get(branch) != tip}
        return {branch: self._compared(before.get(branch), tip) for branch, tip in moved.items()}

    def _compared(self, old: str | None, new: str) -> frozenset[str] | None:
        found = self.client.find(f"./compare/{old}...{new}") if old and new else None
        if found is None or found["status"] != "ahead" or len(found["files"]) >= MOST_FILES:
            return None
        names = {f["filename"] for f in found["files"]}
        return frozenset(names | {f.get("previous_filename", "") for f in found["files"]})

    @property
    def _config_moved(self) -> bool:
        """Whether the configuration or the workflow may be another one than before."""
        if self.before is None:
            return True
        branch = str(self.about["default_branch"])
        changed = self._changed.get(branch, frozenset())
        files = {CONFIG_PATH, f".github/workflows/{self.before.workflow}"}
        return changed is None or bool(changed & files)

    def _policy(self) -> Policy:
        if self.before is not None and not self._config_moved:
            named = {"label": self.before.label, "workflow": self.before.workflow}
            return Policy().model_copy(update=named)
        return policy_of(self.client, str(self.about["default_branch"]))[0]

    def _shown(self) -> Changes:
        if self.before is None:
            return changes(self.client, "", {}, first=True)
        return changes(self.client, self.before.cursor, self.before.entries, first=False)

    def _under_way(self) -> set[str]:
        due = {p for p, look in self.looks.items() if look.again and look.again <= self.now}
        return due | {plan for plan, look in self.looks.items() if not look.rests}

    def _by_refs(self) -> set[str]:
        """Written to, deleted, or with a branch that was."""
        if self.before is None:
            return set()
        old, new = self.before.plans, self._digests
        return {plan for plan in old.keys() | new.keys() if old.get(plan) != new.get(plan)}

    def _by_base(self) -> set[str]:
        """Those that quote what changed on their base, and those that it may do good."""
        found = set()
        for plan, look in self.looks.items():
            changed = self._changed.get(look.branch, frozenset())
            if changed is None or changed & set(look.quoted) or (changed and look.stale):
                found.add(plan)
        return found

    def _by_entries(self, shown: Changes, label: str) -> set[str]:
        """Those whose issues and pull requests changed, and those somebody may ask for there."""
        owners: defaultdict[int, set[str]] = defaultdict(set)
        for plan, look in self.looks.items():
            for number in look.numbers:
                owners[number].add(plan)
        found = set()
        for entry in shown.entries:
            number = number_of(entry)
            asks = label.casefold() in labels_of(entry) or ("number" not in entry and _said(entry))
            found |= owners[number]
            if asks and not owners[number] and not on_pull(entry):
                found.add(str(number))
        return found

    def _unknown(self, number: int) -> set[str]:
        """With a record and without a look; those with a branch before the others, in turn."""
        unknown = sorted(self._plans - self.looks.keys(), key=int)
        branches = (BRANCH.match(name.removeprefix(HEADS)) for name in self._refs)
        busy = {found["plan"] for found in branches if found}
        rest = [plan for plan in unknown if plan not in busy]
        start = number * MOST_UNKNOWN % len(rest) if rest else 0
        return (busy & set(unknown)) | set((rest[start:] + rest[:start])[:MOST_UNKNOWN])

    def _labelled(self, label: str) -> set[str]:
        listed = self.client.pages("./issues", state="open", labels=label)
        return {str(issue["number"]) for issue in listed if "pull_request" not in issue}

    def _in_turn(self, plan: str, number: int) -> bool:
        return (crc32(f"{self.client.full_name}#{plan}".encode()) + number) % ROUNDS == 0


def _said(comment: Mapping[str, Any]) -> bool:
    return bool(parse(comment["body"] or ""))


def _of_others(shown: Changes) -> tuple[int, ...]:
    pulls = [e for e in shown.entries if "pull_request" in e and e["state"] == "open"]
    bots = (e for e in pulls if not str((e.get("user") or {}).get("login", "")).endswith("[bot]"))
    return tuple(int(entry["number"]) for entry in newest(bots, MOST_PULLS))


def _sorted(plans: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(plans, key=int))
