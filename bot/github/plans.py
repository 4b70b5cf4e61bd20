"""Plans, run states and attempts as the store keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from bot.core.model import Record
from bot.core.plan import Plan
from bot.core.state import RunState
from bot.core.verdict import Attempt
from bot.errors import Refused, Unusable
from bot.github.store import PlanStore

PLAN, STATE = "plan.json", "state.json"

R = TypeVar("R", bound=Record)


class Plans:
    """The typed side of a `PlanStore`.

    A save is based on the newest commit this object has seen of the plan: when another process
    wrote since, it raises `Transient`; load again and decide anew.
    """

    def __init__(self, store: PlanStore) -> None:
        self.store = store
        self._seen: dict[str, str] = {}

    def save_plan(self, plan: Plan, documents: Mapping[str, str]) -> str:
        """Store a new plan with its documents (contents by file name) and its first state."""
        files = {name: text.encode("utf-8", "replace") for name, text in documents.items()}
        if files.keys() & {PLAN, STATE}:
            raise Refused(f"a document cannot be named {PLAN} or {STATE}")
        files |= {PLAN: _dump(plan), STATE: _dump(RunState.of(plan))}
        commit = self.store.write(plan.id, files, f"Plan {plan.id}: {_one_line(plan.goal)}", None)
        self._seen[plan.id] = commit
        return commit

    def save_state(self, state: RunState, message: str) -> str:
        """Store the state as a new transition; returns its commit."""
        return self._write(state.plan_id, {STATE: _dump(state)}, message)

    def save_attempt(
        self, plan_id: str, stage: int, attempt: Attempt, state: RunState | None = None
    ) -> str:
        """Store one try, in the same transition as the `state` it led to, if given."""
        number = 1 + sum(1 for path in self._read(plan_id) if path.startswith(f"attempts/{stage}/"))
        files = {f"attempts/{stage}/{number}.json": _dump(attempt)}
        if state is not None:
            files[STATE] = _dump(state)
        message = f"Attempt {attempt.number} at {attempt.action}: {attempt.verdict.status}"
        return self._write(plan_id, files, message)

    def load_plan(self, plan_id: str) -> Plan:
        """The plan; raises `Unusable` when there is none or it does not read."""
        return _load(Plan, self._read(plan_id, remember=True), PLAN, plan_id)

    def load_state(self, plan_id: str) -> RunState:
        """The newest state; raises `Unusable` when there is none or it does not read."""
        return _load(RunState, self._read(plan_id, remember=True), STATE, plan_id)

    def load_documents(self, plan_id: str) -> dict[str, str]:
        """The Markdown documents by file name."""
        files = self._read(plan_id)
        return {
            n: data.decode("utf-8", "replace") for n, data in files.items() if n.endswith(".md")
        }

    def load_attempts(self, plan_id: str, stage: int) -> tuple[Attempt, ...]:
        """Every stored try of the stage, oldest first."""
        files = self._read(plan_id)
        names = [name for name in files if name.startswith(f"attempts/{stage}/")]
        names.sort(key=lambda name: int(name.rpartition("/")[2].removesuffix(".json")))
        return tuple(_load(Attempt, files, name, plan_id) for name in names)

    def _read(self, plan_id: str, *, remember: bool = False) -> dict[str, bytes]:
        tip = self.store.tip(plan_id)
        files = self.store.read(plan_id, tip)
        if tip is not None and (remember or plan_id not in self._seen):
            self._seen[plan_id] = tip
        return files

    def _write(self, plan_id: str, files: Mapping[str, bytes], message: str) -> str:
        if plan_id not in self._seen:
            raise Unusable(f"plan {plan_id!r} was not loaded before it was saved")
        commit = self.store.write(plan_id, files, message, self._seen[plan_id])
        self._seen[plan_id] = commit
        return commit


def _dump(record: Record) -> bytes:
    return (record.model_dump_json(indent=2) + "\n").encode()


def _load(kind: type[R], files: Mapping[str, bytes], name: str, plan_id: str) -> R:
    if name not in files:
        raise Unusable(f"plan {plan_id!r} has no {name}")
    try:
        return kind.model_validate_json(files[name])
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in where["loc"])
        raise Unusable(
            f"{name} of plan {plan_id!r} does not read: {place}: {where['msg']}",
            hint="it may come from another version of genesis; make a new plan",
        ) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())[:72]
