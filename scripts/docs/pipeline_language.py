"""The language of pipelines, from its JSON Schema: a page of steps, a page of everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bot.core.render.markdown import code, table
from scripts.docs.schema_text import Schema, default, kind

SCHEMA = Path(__file__).resolve().parents[2] / "pipelines" / "schema" / "pipeline.json"
SOURCE = "[JSON Schema](../../pipelines/schema/pipeline.json)"
STEPS = "reference/pipeline-steps.md"
RECORDS = "reference/pipeline-records.md"
CHOICES = {"Step": "type", "Part": "type", "Operation": "operation"}
"""Definitions that are one of several others, and the key that says which."""


@cache
def definitions() -> Mapping[str, Any]:
    """What the schema defines, by name."""
    found: Mapping[str, Any] = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    return found


def chosen(choice: str) -> dict[str, list[str]]:
    """The definitions a choice leads to, each with the words that lead there."""
    found: dict[str, list[str]] = {}
    for branch in definitions()[choice]["allOf"]:
        name = branch["then"]["$ref"].rsplit("/", 1)[1]
        (condition,) = branch["if"]["properties"].values()
        found.setdefault(name, []).append(condition["const"])
    return found


def common() -> set[str]:
    """The keys that mean the same in all steps; `type` is another in each."""
    records = [set(definitions()[name]["properties"]) for name in chosen("Step")]
    return set.intersection(*records) - {"type"}


def steps() -> str:
    """Every step type with the keys that it alone has."""
    first = definitions()[next(iter(chosen("Step")))]
    parts = [
        "# Pipelines: steps",
        f"Every step and every key, made from the {SOURCE}. The [guide](../pipelines.md) explains"
        " them, with examples; [what else there is in a file](pipeline-records.md) has a page of"
        " its own.",
        "## Keys of every step",
        _keys(first, common(), here=STEPS),
    ]
    for name, words in sorted(chosen("Step").items(), key=lambda item: item[1]):
        record = definitions()[name]
        parts += [
            f"## {', '.join(code(word) for word in words)}",
            record["description"],
            _keys(record, set(record["properties"]) - common(), here=STEPS),
        ]
    return "\n\n".join(parts) + "\n"


def records() -> str:
    """What may stand in a file beside steps: the workflow, parts, operations, queries, options."""
    parts = [
        "# Pipelines: everything else",
        f"What stands around [steps](pipeline-steps.md) and in them, made from the {SOURCE}.",
    ]
    for name in _order():
        record = definitions()[name]
        parts.append(f"## {name}")
        parts.append(record.get("description", ""))
        if name in CHOICES:
            parts.append(_alternatives(name))
        elif record.get("properties"):
            parts.append(_keys(record, set(record["properties"]), here=RECORDS))
        else:
            parts.append(f"It is {kind(record, _link(RECORDS))}.")
    return "\n\n".join(filter(None, parts)) + "\n"


def _order() -> list[str]:
    """The file first, then what it is made of, by name."""
    rest = set(definitions()) - set(chosen("Step")) - {"Step", "Workflow"}
    return ["Workflow", *sorted(rest)]


def _alternatives(choice: str) -> str:
    rows = [
        (
            ", ".join(code(word) for word in words),
            f"[{name}](#{name.lower()})",
            definitions()[name].get("description", ""),
        )
        for name, words in chosen(choice).items()
    ]
    return table((code(CHOICES[choice]), "record", "what it is"), rows)


def _keys(record: Schema, names: set[str], *, here: str) -> str:
    needed = set(record.get("required", ()))
    rows = [
        (
            code(name) + (", required" if name in needed else ""),
            kind(setting, _link(here)),
            default(setting),
            setting.get("description", ""),
        )
        for name, setting in record["properties"].items()
        if name in names
    ]
    return table(("key", "values", "default", "what it is"), rows)


def _link(here: str) -> Any:
    """How a definition is shown and linked on one of the two pages."""

    def shown(name: str) -> str:
        if name == "Step":
            return "a [step](pipeline-steps.md)"
        page = "" if here == RECORDS else "pipeline-records.md"
        return f"[{name}]({page}#{name.lower()})"

    return shown
