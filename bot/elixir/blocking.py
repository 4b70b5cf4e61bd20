"""Calls that make a process wait: for a database, the network, a program, a clock, another process.

Names are anchored to the resolved module, never to a part of a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import ends_system
from bot.elixir.expressions import Expression, value_of
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.reach import Reached

Kind = Literal["database", "http", "network", "program", "sleep", "remote-node", "task", "process"]

TITLES: dict[Kind, str] = {
    "database": "a database query",
    "http": "an HTTP request",
    "network": "a network operation",
    "program": "an operating system program",
    "sleep": "a sleep",
    "remote-node": "another node",
    "task": "a task's result",
    "process": "another process",
}

WEIGHTS: tuple[Kind, ...] = (
    "sleep",
    "http",
    "program",
    "database",
    "network",
    "remote-node",
    "task",
    "process",
)
"""The kinds, surest trouble first."""

REPO_FUNCTIONS = frozenset(
    """
    aggregate all checkout delete delete! delete_all exists? explain get get! get_by get_by!
    insert insert!
    insert_all insert_or_update insert_or_update! one one! preload query query! query_many
    query_many! reload
    reload! transact transaction update update! update_all
    """.split()
)
"""What an Ecto repository sends to the database."""

_TABLE: dict[Kind, str] = {
    "database": """
        Postgrex MyXQL Tds: query query! execute execute! transaction
        Ecto.Adapters.SQL: query query!
        Redix: command command! pipeline pipeline! transaction_pipeline
        Mongo: find find_one insert_one update_one aggregate delete_one
    """,
    "http": """
        HTTPoison Req Tesla HTTPotion Mojito: get post put patch delete head options request run
        HTTPoison Req Tesla HTTPotion: get! post! put! patch! delete! head! options! request! run!
        Finch ExAws: request request!
        :httpc :hackney: request
    """,
    "network": """
        :gen_tcp: connect recv accept
        :ssl: connect recv handshake transport_accept
        :gen_udp: recv
        :inet: gethostbyname getaddr
        :inet_res: lookup gethostbyname
        Mint.HTTP: connect
    """,
    "program": """
        System: cmd shell
        :os MuonTrap: cmd
        Rambo: run
    """,
    "sleep": "Process :timer: sleep",
    "remote-node": """
        :rpc: call block_call multicall
        :erpc: call multicall
        :global: trans set_lock
        :net_kernel: connect_node
        Node: connect
        GenServer: multi_call
    """,
    "task": "Task: await await_many yield yield_many",
    "process": """
        GenServer GenStage GenStateMachine :gen_server :gen_statem: call
        Agent: get update get_and_update
    """,
}
"""By kind: modules, a colon and a space, and those of their functions that wait."""


def _names(kind: Kind) -> Iterator[str]:
    for line in _TABLE[kind].strip().splitlines():
        modules, _, functions = line.rpartition(": ")
        for module in modules.split():
            yield from (f"{module}.{function}" for function in functions.split())


_ENDLESS_BY_DEFAULT = {
    ":rpc.call": (4,), ":rpc.block_call": (4,), ":rpc.multicall": (3, 4), ":erpc.call": (2, 4),
    ":erpc.multicall": (2, 4),
    ":global.set_lock": (1, 2), ":global.trans": (2, 3),
    ":gen_tcp.recv": (2,), ":gen_tcp.accept": (1,), ":gen_udp.recv": (2,), ":ssl.recv": (2,),
    ":ssl.handshake": (1,), ":ssl.transport_accept": (1,),
}  # fmt: skip
"""Arities without a timeout or a number of retries: these try for ever."""

_KINDS: dict[str, Kind] = {name: kind for kind in _TABLE for name in _names(kind)}


@dataclass(frozen=True, eq=False)
class Blocking:
    """A call that waits, and for what."""

    call: Call
    kind: Kind
    endless: bool
    """Given `:infinity` as its timeout, or none where that means for ever."""

    @property
    def title(self) -> str:
        return TITLES[self.kind]


def blocking(call: Call) -> Blocking | None:
    """What the call waits for; `None` if for nothing, or if it parks its process on purpose."""
    if call.captured and call.arity == 0:
        return None
    kind = _KINDS.get(call.full)
    if (
        kind is None
        and call.name in REPO_FUNCTIONS
        and call.module.split(".")[-1] == "Repo"
        and not call.local
    ):
        kind = "database"
    if kind is None or _to_local_socket(call):
        return None
    endless = (
        call.arity in _ENDLESS_BY_DEFAULT.get(call.full, ())
        or any(text(a) == ":infinity" for a in call.args[1:])
        or _handshake_without_limit(call)
    )
    if kind == "sleep":
        return None if _parked(call) else Blocking(call, kind, False)
    if kind == "task" and call.args and text(call.args[-1]) == "0":
        return None
    return Blocking(call, kind, endless or _keyword_infinity(call))


def by_clause(steps: Iterable[Reached]) -> Iterator[list[tuple[Blocking, Reached]]]:
    """Blocking calls, grouped by the callback's clause that leads to them: one group, one repair.

    What runs in another process, or just before the system stops, is a group of its own.
    """
    groups: dict[int, list[tuple[Blocking, Reached]]] = {}
    for step in steps:
        for call in step.clause.calls:
            waits = blocking(call)
            if waits is None or call.in_quote or (call.deferred and not call.runs_in):
                continue
            alone = bool(call.runs_in) or before_halt(waits)
            key = call.node.id if alone else entry_of(call, step).node.id
            groups.setdefault(key, []).append((waits, step))
    yield from groups.values()


def before_halt(waits: Blocking) -> bool:
    """Whether it is a sleep followed by a stop of the whole system."""
    if waits.kind != "sleep":
        return False
    following = nodes.next_code(waits.call.statement)
    return following is not None and ends_system(following)


def only_for_debugging(call: Call) -> bool:
    """Whether it stands in an argument of `Logger.debug`: a macro that runs its arguments only
    where the level is on.
    """
    if not call.owner.source.places(b"Logger.debug"):
        return False
    return any(
        nodes.is_call_to(above, "Logger.debug")
        for above in nodes.ancestors(call.node)
        if nodes.contains(call.owner.node, above)
    )


def entry_of(call: Call, step: Reached) -> Clause:
    """The callback's clause that leads to a call."""
    first = step.path[0] if step.path else call
    found = step.origin.module.clause_at(first.start)
    assert found is not None, "a way begins in one of the clauses of its origin"
    return found


def _handshake_without_limit(call: Call) -> bool:
    """Whether what a TLS handshake is given second are options: else that is its time limit."""
    if call.full != ":ssl.handshake" or call.arity != 2:
        return False
    given, clause = call.args[1], call.owner.clause_at(call.start)
    value = value_of(Expression(given, clause)) if clause is not None else None
    return (value.node if value is not None else given).type in ("list", "keywords")


def _to_local_socket(call: Call) -> bool:
    """Whether it connects to a socket of this machine, which is there or is not."""
    if call.full != ":gen_tcp.connect" or not call.args or call.args[0].type != "tuple":
        return False
    return any(text(node) == ":local" for node in call.args[0].named_children[:1])


def _parked(call: Call) -> bool:
    return bool(call.args) and text(call.args[0]) in (":infinity", "0")


def _keyword_infinity(call: Call) -> bool:
    return bool(call.args) and any(
        text(value) == ":infinity"
        for key, value in nodes.keyword_pairs(call.args[-1]).items()
        if key == "timeout"
    )
