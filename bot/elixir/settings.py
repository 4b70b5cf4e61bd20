"""Settings that the whole system shares: application environment, OS environment, global terms."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir.calls import Call
from bot.elixir.module import Module
from bot.elixir.nodes import text

WRITES = {
    "Application.put_env": 2, "Application.delete_env": 2, ":application.set_env": 2,
    ":application.unset_env": 2, "System.put_env": 1, "System.delete_env": 1,
    ":persistent_term.put": 1, ":persistent_term.erase": 1,
}  # fmt: skip
READS = {
    "Application.get_env": 2, "Application.fetch_env": 2, "Application.fetch_env!": 2,
    ":application.get_env": 2, "System.get_env": 1, "System.fetch_env": 1,
    "System.fetch_env!": 1, ":persistent_term.get": 1,
}  # fmt: skip
"""How many leading arguments name the setting. Reads at compile time are none of these: what runs
later does not change them."""

ALWAYS_SHARED = {
    "Logger.configure": "the logger's settings",
    ":logger.set_primary_config": "the logger's settings",
    "File.cd": "the working directory",
    "File.cd!": "the working directory",
    "Application.stop": "a whole application",
    "Mock.with_mock": "a module's code",
    "Mock.with_mocks": "a module's code",
    "with_mock": "a module's code",
    "with_mocks": "a module's code",
    ":meck.new": "a module's code",
    ":meck.expect": "a module's code",
}
"""Calls that change something of which the system has only one, and what that is."""

WRITE_WORDS = (b"put_env", b"delete_env", b"set_env", b"persistent_term.")
READ_WORDS = (b"get_env", b"fetch_env", b"persistent_term.get")


@dataclass(frozen=True)
class Setting:
    """One setting by what holds it and its resolved key."""

    store: str
    key: tuple[str, ...]

    @property
    def label(self) -> str:
        return ", ".join(self.key)

    @property
    def word(self) -> bytes:
        """The part of the key that a source holds which speaks of it."""
        return self.key[-1].strip('"{}').split(", ")[-1].split(".")[-1].lstrip(":").encode()


def written(call: Call) -> Setting | None:
    """The setting that a call changes, where its key is literal."""
    return _setting(call, WRITES)


def read(call: Call) -> Setting | None:
    """The setting that a call reads at run time, where its key is literal."""
    return _setting(call, READS)


def _setting(call: Call, table: dict[str, int]) -> Setting | None:
    count = table.get(call.full)
    if count is None or call.captured or call.in_quote or len(call.args) < count:
        return None
    parts = tuple(_static(node, call.owner) for node in call.args[:count])
    store = call.module.removeprefix(":").lower()
    return Setting(store, parts) if all(parts) else None


def _static(node: Node, module: Module) -> str:
    """A key as text with its module names resolved; empty where only run time knows it."""
    node = module.value(node)
    if node.type == "alias" or text(node) == "__MODULE__":
        return module.scope.resolve(node)
    if node.type in ("atom", "quoted_atom", "integer"):
        return text(node)
    if node.type == "string":
        whole = not any(c.type == "interpolation" for c in node.named_children)
        return text(node) if whole else ""
    if node.type == "tuple":
        parts = [_static(child, module) for child in node.named_children]
        return f"{{{', '.join(parts)}}}" if all(parts) else ""
    right = node.child_by_field_name("right") if node.type == "dot" else None
    named = right is not None and right.type == "alias"
    return module.scope.resolve(node) if named else ""
