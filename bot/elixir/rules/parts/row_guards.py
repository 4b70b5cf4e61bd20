"""What keeps others from a row between its read and its write."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.expressions import Expression
from bot.elixir.table_races import Race
from bot.elixir.trapping import is_self

_LOCKS = (
    "trans", "transaction", "lock", "with_lock", "isolated", "try_isolated", "synchronize",
    "critical", "mutex",
)  # fmt: skip


def is_own_row(race: Race) -> bool:
    """Whether the process that runs it is in the key: another one has another row."""
    key, clause = race.read.call.args[1], race.read.clause
    parts = nodes.of_type(key, "identifier", "call")
    return any(is_self(Expression(part, clause)) for part in parts)


def locked(race: Race) -> bool:
    """Whether read and write stand in a function that something of a lock's name runs."""
    for around in nodes.ancestors(race.write.call.node):
        if around.id == race.write.clause.node.id:
            return False
        name = nodes.text_of(around, "target").rpartition(".")[2] if around.type == "call" else ""
        if name in _LOCKS and nodes.contains(around, race.read.call.node):
            return True
    return False
