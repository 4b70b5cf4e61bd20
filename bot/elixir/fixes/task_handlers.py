"""The `handle_info/2` clauses a server needs for tasks it keeps the references of."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.edit import Edit, indentation
from bot.elixir.fixes import gen_server
from bot.elixir.fixes.gen_server import WIDTH
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

FIELD = "tasks"
_GUARD = f"is_map_key(state.{FIELD}, ref)"
_FORGOTTEN = f"%{{state | {FIELD}: Map.delete(state.{FIELD}, ref)}}"


def present(module: Module) -> bool:
    """Whether the clauses are there already."""
    function = module.functions.get(("handle_info", 2))
    guards = [text(c.guard) for c in function.clauses if c.guard] if function is not None else []
    return guards.count(_GUARD) >= 2


def edits(module: Module, behind: Clause) -> list[Edit]:
    """The clauses in front of all others of `handle_info/2`, or behind a clause where there are
    none.
    """
    function = module.functions.get(("handle_info", 2))
    indent = indentation(module.source.data, behind.node.start_byte)
    found = [_result(_takes_result(module), indent), _down(indent)]
    required = _requires_logger(module)
    if function is None:
        joined = "\n\n".join([*found, _CATCH_ALL])
        return [*required, gen_server.insert_after(behind.function.clauses[-1], behind, joined)]
    return [*required, gen_server.insert_before(function, behind, "\n\n".join(found))]


_CATCH_ALL = """\
def handle_info(message, state) do
  Logger.error("#{inspect(__MODULE__)} got an unexpected message: #{inspect(message)}")
  {:noreply, state}
end"""


def _result(handled: bool, indent: str) -> str:
    message = "{ref, _result} = message" if handled else "{ref, _result}"
    last = f"handle_info(message, {_FORGOTTEN})" if handled else f"{{:noreply, {_FORGOTTEN}}}"
    head = _head(f"def handle_info({message}, state)", indent)
    return f"{head}\n  Process.demonitor(ref, [:flush])\n  {last}\nend"


def _down(indent: str) -> str:
    head = _head("def handle_info({:DOWN, ref, :process, _pid, reason}, state)", indent)
    log = 'Logger.error("a task of #{inspect(__MODULE__)} ended: #{inspect(reason)}")'
    return f"{head}\n  {log}\n  {{:noreply, {_FORGOTTEN}}}\nend"


def _head(head: str, indent: str) -> str:
    flat = f"{head} when {_GUARD} do"
    return flat if len(indent + flat) <= WIDTH else f"{head}\n    when {_GUARD} do"


def _takes_result(module: Module) -> bool:
    """Whether some clause does something with `{ref, result}`: it still gets to see it."""
    function = module.functions.get(("handle_info", 2))
    for clause in function.clauses if function is not None else ():
        if is_result(clause.params[0]) or (gen_server.is_catch_all(clause) and not _idle(clause)):
            return True
    return False


def is_result(pattern: Node) -> bool:
    """Whether a pattern takes `{ref, result}`."""
    if nodes.operator(pattern) == "=":
        sides = (pattern.child_by_field_name(f) for f in ("left", "right"))
        return any(is_result(side) for side in sides if side is not None)
    parts = pattern.named_children if pattern.type == "tuple" else []
    return len(parts) == 2 and parts[0].type in ("identifier", "unary_operator")


def _idle(clause: Clause) -> bool:
    """Whether the clause only logs and keeps the state."""
    *work, last = clause.statements() or [clause.node]
    kept = text(last) == f"{{:noreply, {text(clause.params[1])}}}"
    return kept and all(text(s).startswith("Logger.") for s in work)


def settles_down(module: Module) -> bool:
    """Whether no clause of the module's own takes the `:DOWN` of a finished task so far.

    One that matches any reference saw them, unless its result clause flushed them.
    """
    function = module.functions.get(("handle_info", 2))
    clauses = function.clauses if function is not None else []
    generic = [c for c in clauses if _any_down(c) and not _idle(c)]
    results = [c for c in clauses if is_result(c.params[0])]
    return not generic or (bool(results) and all(":flush" in text(c.node) for c in results))


def _any_down(clause: Clause) -> bool:
    pattern = clause.params[0]
    parts = pattern.named_children if pattern.type == "tuple" else []
    down = len(parts) == 5 and text(parts[0]) == ":DOWN" and parts[1].type == "identifier"
    return down and clause.guard is None


def _requires_logger(module: Module) -> list[Edit]:
    used = module.use("GenServer")
    if used is None or b"require Logger" in (module.node.text or b""):
        return []
    indent = indentation(module.source.data, used.node.start_byte)
    at = used.node.end_byte
    return [Edit(module.source.path, at, at, f"\n{indent}require Logger")]
