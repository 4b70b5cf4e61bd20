"""Messages that a server's own code brings into its mailbox, and those that it takes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.messages import received
from bot.elixir.module import Module
from bot.elixir.nodes import text

DOWN = "{:DOWN, 0, kind, object, reason}"
EXIT = "{:EXIT, 0, reason}"
"""A number stands for a handle (a reference, a pid, a port): no atom and no tuple matches it."""


@dataclass(frozen=True, eq=False)
class Arrival:
    """A message that comes, sooner or later, because of a call."""

    call: Call
    message: Node
    shown: str
    """The message as people write it."""
    own: bool = False
    """Whether the server sends it to itself, so that nobody else can mean it."""
    tells_end: bool = False
    """Whether it tells that what the call has opened is gone."""


def arrivals(call: Call) -> list[Arrival]:
    """What the process that makes a call will find in its mailbox for it."""
    source = _SOURCES.get(call.full)
    if source is None or call.captured or call.in_quote:
        return []
    return list(source(call))


def exit_arrival(call: Call) -> Arrival | None:
    """The exit message that a link made by this call brings to a process that traps exits."""
    links = call.full in _LINKS or (call.name == "start_link" and call.module not in ("", ":proc"))
    if not links or call.captured or call.in_quote or call.module == call.owner.name:
        return None
    return Arrival(call, _message(EXIT), "{:EXIT, pid, reason}")


def accepts(module: Module, message: Node) -> bool:
    """Whether a clause of the callbacks for messages, or of a `receive`, can take the message."""
    return any(can_match(pattern, message, module) for pattern in _accepted(module))


def takes_messages(module: Module) -> bool:
    """Whether the module itself defines the callback for messages."""
    return any(key in module.functions for key in (("handle_info", 2), ("handle_event", 4)))


def _accepted(module: Module) -> Iterator[Node]:
    info = _message(":info")
    for key, position in ((("handle_info", 2), 0), (("handle_event", 4), 1)):
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            if len(clause.params) == key[1] and (
                position == 0 or can_match(clause.params[0], info, module)
            ):
                yield clause.params[position]
    for clause in module.clauses_with(b"receive"):
        yield from received(clause)


@cache
def _message(code: str) -> Node:
    return nodes.parse(code.encode()).root_node.named_children[0]


def _of_shape(*shapes: tuple[str, str]) -> Callable[[Call], Iterator[Arrival]]:
    def source(call: Call) -> Iterator[Arrival]:
        for code, shown in shapes:
            yield Arrival(call, _message(code), shown)

    return source


def _monitor(call: Call) -> Iterator[Arrival]:
    tag = call.keywords().get("tag")
    if tag is None:
        yield Arrival(call, _message(DOWN), "{:DOWN, ref, :process, pid, reason}")
    elif is_tagged(tag, call.owner):
        name = text(call.owner.value(tag))
        yield Arrival(
            call,
            _message(f"{{{name}, 0, kind, object, reason}}"),
            f"{{{text(tag)}, ref, :process, pid, reason}}",
        )


def _nodes_watched(call: Call) -> Iterator[Arrival]:
    if not call.args or text(call.args[0]) != "true":
        return
    more = ", info" if len(call.args) > 1 else ""
    for tag in (":nodeup", ":nodedown"):
        yield Arrival(call, _message(f"{{{tag}, 0{more}}}"), f"{{{tag}, node{more}}}")


def _port(call: Call) -> Iterator[Arrival]:
    options = text(call.args[-1]) if len(call.args) > 1 else ""
    if not options.startswith("[") or ":out" in options or ":nouse_stdio" in options:
        return
    yield Arrival(call, _message("{0, {:data, data}}"), "{port, {:data, data}}")
    if ":exit_status" in options:
        yield Arrival(call, _message("{0, {:exit_status, n}}"), "{port, {:exit_status, status}}")


def _sent(address: int | None, message: int) -> Callable[[Call], Iterator[Arrival]]:
    def source(call: Call) -> Iterator[Arrival]:
        if len(call.args) <= message:
            return
        if address is not None and text(call.args[address]) not in ("self()", "Kernel.self()"):
            return
        term = call.args[message]
        if is_tagged(term, call.owner) and '"$' not in text(term):
            shown = " ".join(text(term).split())
            yield Arrival(call, call.owner.value(term), shown, own=True)

    return source


def _timer(call: Call) -> Iterator[Arrival]:
    """`:timer.send_after/2` and `send_interval/2` go to the caller, those of three to anybody."""
    yield from (_sent(None, 1) if len(call.args) == 2 else _sent(1, 2))(call)


def _start_timer(call: Call) -> Iterator[Arrival]:
    if len(call.args) > 2 and text(call.args[1]) == "self()":
        term = text(call.args[2])
        yield Arrival(call, _message("{:timeout, 0, message}"), f"{{:timeout, ref, {term}}}", True)


def _socket(kind: str) -> Callable[[Call], Iterator[Arrival]]:
    def source(call: Call) -> Iterator[Arrival]:
        options = call.keywords()
        active = options.get("active")
        if active is None or text(active) == "false" or active.type == "identifier":
            return
        if kind == "udp":
            yield Arrival(call, _message("{:udp, 0, ip, port, data}"), "{:udp, ...}")
            return
        yield Arrival(call, _message(f"{{:{kind}, 0, data}}"), f"{{:{kind}, socket, data}}")
        closed = _message(f"{{:{kind}_closed, 0}}")
        yield Arrival(call, closed, f"{{:{kind}_closed, socket}}", tells_end=True)

    return source


_DOWN = _of_shape((DOWN, "{:DOWN, ref, :process, pid, reason}"))
_ANY = _of_shape(("message", "what is published there"))
_SOURCES: dict[str, Callable[[Call], Iterator[Arrival]]] = {
    "Process.monitor": _monitor,
    ":erlang.monitor": _DOWN,
    "Port.monitor": _DOWN,
    "Kernel.spawn_monitor": _DOWN,
    "Node.monitor": _of_shape(("{:nodedown, 0}", "{:nodedown, node}")),
    ":net_kernel.monitor_nodes": _nodes_watched,
    "Task.Supervisor.async_nolink": _of_shape(
        ("{0, result}", "{ref, result}"), (DOWN, "{:DOWN, ref, :process, pid, reason}")
    ),
    "Port.open": _port,
    "Phoenix.PubSub.subscribe": _ANY,
    "Kernel.send": _sent(0, 1),
    "Process.send": _sent(0, 1),
    "Process.send_after": _sent(0, 1),
    ":erlang.send_after": _sent(1, 2),
    ":erlang.start_timer": _start_timer,
    ":timer.send_after": _timer,
    ":timer.send_interval": _timer,
    ":gen_tcp.connect": _socket("tcp"),
    ":gen_udp.open": _socket("udp"),
    ":ssl.connect": _socket("ssl"),
}
_LINKS = frozenset(
    {
        "Kernel.spawn_link", ":erlang.spawn_link", ":proc_lib.spawn_link", "Process.link",
        "Port.open", "Task.async", "Task.Supervisor.async", "System.cmd", "System.shell",
    }
)  # fmt: skip
"""A port is linked to the process that opens it: also that of `System.cmd/3`."""
