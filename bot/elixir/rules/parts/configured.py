"""The value that the configuration gives a setting in tests, where it is written out."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.setting_users import changes_of
from bot.elixir.rules.parts.standing import above
from bot.elixir.settings import READS, Setting, read, written

LEFT = "no `on_exit` here puts the old value back: later tests may find this one"
AFTER_A_FAILURE = "put back by no `on_exit`: later tests find this value where this one fails"
LAST = "no `on_exit` here puts the old value back: later tests may find the one it is given last"
_FILES = ("config.exs", "test.exs", "runtime.exs")
"""What counts in tests, in the order in which it is read."""
_CONDITIONS = ("if", "unless", "case", "cond", "for", "with")
_PUTS = ("Application.put_env", ":application.set_env")
_LITERALS = ("atom", "boolean", "nil", "integer", "float", "alias")


def configured(setting: Setting, project: Project) -> str | None:
    """The literal as written; `None` where it is no literal, or not the same wherever it is set."""
    if setting.store != "application":
        return None
    found: dict[str, list[str]] = {}
    for path in project.texts.holding(setting.word, among=project.of_role("config")):
        name = path.rpartition("/")[2]
        if name in _FILES:
            for value in _values(setting, project.source(path).root):
                found.setdefault(name, []).append(_literal(value))
    last = next((found[name] for name in reversed(_FILES) if name in found), [])
    return last[0] if last and last[0] and len(set(last)) == 1 else None


def value_written(call: Call) -> str | None:
    """The literal that a call gives a setting; `None` where it gives none."""
    if call.full not in _PUTS or len(call.args) < 3:
        return None
    return _literal(call.owner.value(call.args[2])) or None


def _literal(value: Node) -> str:
    """The text of a literal that is set whatever else holds; empty for anything else."""
    if any(nodes.is_call_to(a, *_CONDITIONS) for a in nodes.ancestors(value)):
        return ""
    whole = value.type == "string" and all(c.type == "quoted_content" for c in value.named_children)
    return text(value) if whole or value.type in _LITERALS else ""


def _values(setting: Setting, root: Node) -> Iterator[Node]:
    app, key = setting.key
    for call in nodes.of_type(root, "call"):
        args = nodes.arguments(call) if nodes.is_call_to(call, "config") else []
        if len(args) < 2 or text(args[0]) != app:
            continue
        if len(args) == 2:
            value = nodes.keyword_pairs(args[1]).get(key.lstrip(":"))
            if value is not None:
                yield value
        elif text(args[1]) == key:
            yield args[2]


def stays(setting: Setting, own: list[Call], project: Project) -> bool:
    """Whether these and all other tests only ever write the value that it has in tests anyway."""
    usual = configured(setting, project)
    if usual is None:
        return False
    others = (use.call for use in changes_of(setting, project, own[0].owner.source.path))
    return all(call is not None and value_written(call) == usual for call in (*own, *others))


def puts_back(writes: list[Call], module: Module) -> bool:
    """Whether the module reads the setting, and writes a variable to it."""
    variable = any(c.args and c.args[-1].type == "identifier" for c in writes)
    reads = {full.rpartition(".")[2] for full in READS}
    return variable and any(read(c) == written(writes[0]) for c in calls_named(module, reads))


def what_is_left(call: Call, writes: list[Call]) -> str:
    """What later tests may find of a change, said of the first of a module's writes."""
    if puts_back(writes, call.owner):
        return AFTER_A_FAILURE
    test = next((a for a in above(call) if nodes.is_call_to(a, "test", "property")), None)
    again = (w for w in writes if test is not None and nodes.contains(test, w.node))
    return LAST if any(w.start > call.start for w in again) else LEFT
