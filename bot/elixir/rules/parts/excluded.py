"""Test modules that do not run unless somebody asks for them, by their tag."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project


def left_out(module: Module, project: Project) -> bool:
    """Whether a `test_helper.exs` excludes the module's tag."""
    tag = module.attributes.get("moduletag")
    if tag is None:
        return False
    tags = nodes.keyword_pairs(tag) or {text(tag).lstrip(":")}
    return any(name in tags for name in _excluded(project))


def _excluded(project: Project) -> set[str]:
    found: set[str] = set()
    for path in project.texts.holding(b"exclude:", among=project.of_role("test")):
        if path.rpartition("/")[2] == "test_helper.exs":
            for pair in nodes.of_type(project.source(path).root, "pair"):
                value = pair.child_by_field_name("value")
                if nodes.text_of(pair, "key").strip() == "exclude:" and value is not None:
                    found |= set(nodes.keyword_pairs(value))
                    found |= {text(n).lstrip(":") for n in value.named_children if n.type == "atom"}
    return found
