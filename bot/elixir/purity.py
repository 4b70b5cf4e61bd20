"""Whether code only computes: a value from values, with nothing outside asked or changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.module import Clause, Function

if TYPE_CHECKING:
    from bot.elixir.project import Project

_COMPUTING = frozenset(
    "Access Atom Base Bitwise Date Decimal Enum Float Integer Jason Keyword List Map MapSet "
    "NaiveDateTime Range Regex Stream String Tuple URI Version :binary :lists :maps :math "
    ":queue :string :unicode Logger".split()
)
_ASKS_THE_CLOCK_OR_CHANCE = frozenset(
    {"NaiveDateTime.utc_now", "NaiveDateTime.local_now", "Date.utc_today", "Enum.random",
     "Enum.shuffle", "Enum.take_random", "String.to_atom"}
)  # fmt: skip
_WORDS = frozenset(
    "if unless case cond with for then tap raise reraise throw try abs apply binary_part bit_size "
    "byte_size ceil div elem floor get_in hd is_atom is_binary is_bitstring is_boolean is_float "
    "is_function is_integer is_list is_map is_map_key is_nil is_number is_pid is_struct is_tuple "
    "length map_size match? max min not pop_in put_elem put_in rem round struct struct! tl "
    "to_charlist to_string trunc tuple_size update_in inspect dbg".split()
) - {"apply"}
"""Of Kernel; anything else that is written without a module can be a macro, and do anything."""
_MOST_FUNCTIONS = 60


def only_computes(clauses: Iterable[Clause], project: Project) -> bool:
    """Whether all that the clauses call, through the project's own functions, only computes.

    What is not known to is taken not to.
    """
    queue, seen = list(clauses), set[Function]()
    for clause in queue:
        for node in nodes.of_type(clause.body, "call") if clause.body is not None else ():
            call = resolve(node, clause.function.module)
            if call is None:
                return False
            target = _own(call, project)
            if target is not None and target not in seen:
                seen.add(target)
                queue += target.clauses
            if len(seen) > _MOST_FUNCTIONS or (target is None and not _computes(call, node)):
                return False
    return True


def computes(call: Call) -> bool:
    """Whether a call of no function of the project only computes."""
    return _computes(call, call.node)


def _own(call: Call, project: Project) -> Function | None:
    """The project's function that is called."""
    if call.module == call.owner.name:
        return call.owner.local(call.name, call.arity)
    facts = project.modules.get(call.module)
    if facts is None or facts.role != "lib":
        return None
    return project.module(call.module).local(call.name, call.arity)


def _computes(call: Call, node: Node) -> bool:
    if call.module in _COMPUTING:
        return call.full not in _ASKS_THE_CLOCK_OR_CHANCE
    if call.module in ("", "Kernel") and call.local:
        return call.name in _WORDS
    return not call.module and not _has_arguments(node)


def _has_arguments(node: Node) -> bool:
    """Whether it is written as a call; `value.field` is none."""
    return any(child.type in ("arguments", "do_block") for child in node.named_children)
