"""What `use` of the project's own modules brings along, where the quote in `__using__` shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Clause, Function, Module, Use
from bot.elixir.nodes import text
from bot.elixir.outline import modules_of
from bot.elixir.scope import Scope
from bot.elixir.source import Source, role_of

DEFINES = re.compile(rb"defmacro\s+__using__")
"""What each file holds that has a say in `usings_of`."""
_BRINGS = re.compile(rb"\buse[ (]|@behaviour\b")
_MAY_NOT_RUN = ("if", "unless", "case", "cond", "with", "for")
_MOST_STEPS = 8
"""`use` of a module whose quote uses another one, and so on."""


@dataclass(frozen=True)
class Brought:
    """A behaviour that is declared, or a module that is used, with the word it is given."""

    name: str
    word: str = ""
    """`:live_view` of `use ShopWeb, :live_view`; else empty."""


@dataclass(frozen=True)
class Using:
    """What one module's `__using__` brings: at each use, and for each word it can be given."""

    always: tuple[Brought, ...]
    by_word: Mapping[str, tuple[Brought, ...]] = field(default_factory=dict)

    def given(self, word: str) -> tuple[Brought, ...]:
        """What a use with that word brings."""
        return (*self.always, *self.by_word.get(word, ()))


Usings = Mapping[str, Using]
"""By name of the module that is used."""


def usings_of(
    files: Mapping[str, bytes], opened: dict[str, tuple[Source, list[Module]]] | None = None
) -> Usings:
    """Every `__using__` outside tests that shows what it brings; only files with one are parsed,
    and left in `opened`.
    """
    found: dict[str, Using] = {}
    for path, data in files.items():
        if b"__using__" not in data or DEFINES.search(data) is None or _BRINGS.search(data) is None:
            continue
        if role_of(path) != "lib":
            continue
        source = Source(path, data)
        modules = modules_of(source)
        if opened is not None:
            opened[path] = source, modules
        for module in modules:
            macro = module.functions.get(("__using__", 1))
            if macro is not None:
                found.setdefault(module.name, _using(macro))
    return found


def expand(modules: Iterable[Module], usings: Usings) -> None:
    """Add to each module's behaviours what its `use` lines bring."""
    for module in modules:
        for use in module.uses if usings else ():
            if use.name in usings:
                known = {use.name, *module.behaviours, *(u.name for u in module.uses)}
                brought = _behaviours(use, usings)
                module.behaviours.extend(name for name in brought if name not in known)


def _behaviours(use: Use, usings: Usings) -> list[str]:
    """Names in the order they are brought, each once."""
    args = nodes.arguments(use.node)
    found = {Brought(use.name, _word(args)): None}
    for _ in range(_MOST_STEPS):
        more = [
            b for item in found if item.name in usings for b in usings[item.name].given(item.word)
        ]
        if all(item in found for item in more):
            break
        found.update(dict.fromkeys(more))
    return list(dict.fromkeys(item.name for item in found))


def _word(args: list[Node]) -> str:
    return text(args[1]) if len(args) > 1 and args[1].type == "atom" else ""


def _using(macro: Function) -> Using:
    always: list[Brought] = []
    by_word: dict[str, tuple[Brought, ...]] = {}
    for clause in macro.clauses:
        first = clause.params[0] if clause.params else None
        if first is not None and first.type == "atom":
            by_word[text(first)] = tuple(_brought(clause))
        elif len(macro.clauses) == 1:
            always += _brought(clause)
        if _asks_function_of_that_name(clause):
            by_word |= {
                f":{function.name}": tuple(b for c in function.clauses for b in _brought(c))
                for function in macro.module.functions.values()
                if function.kind == "def" and function.arity == 0
            }
    return Using(tuple(always), by_word)


def _asks_function_of_that_name(clause: Clause) -> bool:
    """`apply(__MODULE__, which, [])`, as Phoenix generates it."""
    return any(
        call.name == "apply" and call.args and text(call.args[0]) == "__MODULE__"
        for call in clause.calls
    )


def _brought(clause: Clause, steps: int = _MOST_STEPS) -> Iterator[Brought]:
    """What the quotes of a clause bring that run whatever the options are."""
    scope = _scope_in(clause)
    for call in clause.calls:
        if nodes.is_call_to(call.node, "quote") and _always_runs(call.node, clause):
            for statement in nodes.statements(nodes.do_block(call.node)):
                yield from _of_statement(statement, scope, clause.function.module, steps)


def _scope_in(clause: Clause) -> Scope:
    module = clause.function.module
    scope = Scope(module.name, module.scope)
    for call in clause.calls:
        if nodes.is_call_to(call.node, "alias"):
            scope.directive("alias", call.node)
    return scope


def _always_runs(quote: Node, clause: Clause) -> bool:
    for ancestor in nodes.ancestors(quote):
        if ancestor.id == clause.node.id:
            return True
        if ancestor.type == "anonymous_function" or nodes.is_call_to(ancestor, *_MAY_NOT_RUN):
            return False
    return False


def _of_statement(node: Node, scope: Scope, module: Module, steps: int) -> Iterator[Brought]:
    if nodes.is_call_to(node, "use"):
        args = nodes.arguments(node)
        if args and _is_name(args[0]):
            yield Brought(scope.resolve(args[0]), _word(args))
    elif nodes.operator(node) == "@":
        operand = node.child_by_field_name("operand")
        if operand is not None and nodes.is_call_to(operand, "behaviour"):
            yield from (Brought(_named(a, scope)) for a in nodes.arguments(operand))
    elif nodes.is_call_to(node, "unquote") and steps:
        for inner in nodes.arguments(node):
            function = module.local(nodes.text_of(inner, "target") or text(inner), 0)
            for clause in function.clauses if function is not None else ():
                yield from _brought(clause, steps - 1)


def _is_name(node: Node) -> bool:
    return node.type == "alias" or text(node).startswith("__MODULE__")


def _named(node: Node, scope: Scope) -> str:
    """The name of a behaviour; `unquote(__MODULE__)` is the module that is used."""
    inner = nodes.arguments(node) if nodes.is_call_to(node, "unquote") else []
    return scope.resolve(inner[0] if inner else node)
