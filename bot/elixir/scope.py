"""What a name means at a place: aliases, imports, `__MODULE__`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text


@dataclass(eq=False)
class Import:
    """An `import`, with the names it brings or leaves out (`None`: all)."""

    module: str
    only: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()
    """`name/arity` each."""


@dataclass(eq=False)
class Scope:
    """Aliases and imports of a lexical block; inner scopes see the outer ones."""

    module: str
    outer: Scope | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)

    def directive(self, word: str, call: Node) -> None:
        """Take in an `alias`, `import` or `require` line."""
        args = nodes.arguments(call)
        if not args:
            return
        options = nodes.call_keywords(call) if len(args) > 1 else {}
        if word == "import":
            self._import(args[0], options)
        elif word == "alias" or "as" in options:
            self._alias(args[0], options)

    def _import(self, target: Node, options: dict[str, Node]) -> None:
        only = options.get("only")
        names = frozenset(_name_arity(only)) if only is not None and only.type == "list" else None
        excluded = frozenset(_name_arity(options.get("except")))
        for module in self._modules(target):
            self.imports.append(Import(module, names, excluded))

    def _alias(self, target: Node, options: dict[str, Node]) -> None:
        for full in self._modules(target):
            short = text(options["as"]) if "as" in options else full.split(".")[-1]
            self.aliases[short] = full

    def _modules(self, target: Node) -> list[str]:
        """The full names of `Shop.Cart`, or of the two of `Shop.{Cart, Mail}`."""
        right = target.child_by_field_name("right") if target.type == "dot" else None
        left = target.child_by_field_name("left")
        if right is None or right.type != "tuple" or left is None:
            return [self.resolve(target)]
        base = self.resolve(left)
        return [f"{base}.{text(name)}" for name in right.named_children]

    def resolve(self, node: Node) -> str:
        """Full name of a written module (`Bar.Baz`, `__MODULE__.X`, `:ets`); else the text."""
        written = text(node)
        if node.type == "atom":
            return written.removeprefix(":Elixir.") if written.startswith(":Elixir.") else written
        return self.resolve_name(written)

    def resolve_name(self, written: str) -> str:
        """`resolve` for a dotted name."""
        first, dot, rest = written.partition(".")
        if first == "__MODULE__":
            return self.module + dot + rest
        if first == "Elixir":
            return rest
        scope: Scope | None = self
        while scope is not None:
            if first in scope.aliases:
                return scope.aliases[first] + dot + rest
            scope = scope.outer
        return written

    def _all_imports(self) -> Iterator[Import]:
        """Those of inner scopes first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.imports
            scope = scope.outer

    def picks(self, name: str) -> bool:
        """Whether an `import ..., only:` takes a function of that name from somewhere."""
        picked = (label for entry in self._all_imports() for label in entry.only or ())
        return any(label.startswith(f"{name}/") for label in picked)

    def importer(self, name: str, arity: int) -> str:
        """Module that an `import ..., only:` takes `name/arity` from; empty if none is certain."""
        label = f"{name}/{arity}"
        taking = (e.module for e in self._all_imports() if e.only is not None and label in e.only)
        return next(taking, "")

    def hides_kernel(self, name: str, arity: int) -> bool:
        """Whether `import Kernel, except:` (or a narrow `only:`) takes the Kernel function away."""
        label = f"{name}/{arity}"
        return any(
            label in entry.excluded or (entry.only is not None and label not in entry.only)
            for entry in self._all_imports()
            if entry.module == "Kernel"
        )


def _name_arity(node: Node | None) -> list[str]:
    return [f"{name}/{text(value)}" for name, value in nodes.keywords_of(node)]
