"""What a server keeps under a key of its callers, but has from elsewhere itself."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.blocking import blocking
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.further import calls_behind
from bot.elixir.project import Project
from bot.elixir.reach import reached
from bot.elixir.rules.parts.state_use import Write

_PUTS = frozenset({"Map.put", "Map.put_new", "Keyword.put"})
_STORES = frozenset({"database", "http", "network", "program"})


def fetched(write: Write, project: Project) -> bool:
    """Whether only the key is a caller's, by which the server fetches the value where it lacks it:
    it can fetch it again.
    """
    module = write.clause.function.module
    put = resolve(write.node, module) if write.node.type == "call" else None
    if put is None or put.full not in _PUTS or len(put.args) != 3:
        return False
    keys = nodes.identifiers(put.args[1])
    maker = _maker(put.args[2], write)
    if maker is None or not maker.args:
        return False
    given = {n for param in write.clause.params[:1] for n in nodes.identifiers(param)}
    used = {name for arg in maker.args for name in nodes.identifiers(arg)} & given
    return bool(used) and used <= keys and _asks_a_store(maker, project)


def _maker(value: Node, write: Write) -> Call | None:
    """The call that gives the value."""
    if value.type == "identifier":
        before = value_of(Expression(value, write.clause))
        value = before.node if before is not None else value
    return resolve(value, write.clause.function.module) if value.type == "call" else None


def _asks_a_store(maker: Call, project: Project) -> bool:
    own = maker.owner.local(maker.name, maker.arity) if maker.module == maker.owner.name else None
    made = [c for step in reached([own]) for c in step.clause.calls] if own is not None else [maker]
    return any(
        (waits := blocking(behind)) is not None and waits.kind in _STORES
        for call in made
        for behind in calls_behind(call, project)
    )
