"""`.github/otp-genesis.yml`, from its JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from bot.config import CONFIG_PATH, schema_text
from bot.core.render.markdown import code, fence, table
from bot.flows.onboarding.configuration import configuration_text
from scripts.docs.schema_text import Schema, default, kind

PAGE = "reference/configuration.md"


def configuration() -> str:
    """Every setting with its values and its default, and a file that holds them all."""
    schema = json.loads(schema_text())
    paths = dict(_maps(schema, schema["properties"], ""))
    return "\n\n".join(
        [
            "# Settings of a repository",
            f"All that may stand in `{CONFIG_PATH}`. What the settings do, and when the file"
            " counts, is told under [configuration](../configuration.md).",
            *_record(schema, "", paths),
            *(
                part
                for name, path in paths.items()
                for part in (
                    f"## `{path}`",
                    schema["$defs"][name]["description"],
                    *_record(schema["$defs"][name], f"{path}.", paths),
                )
            ),
            "## A file to begin with",
            "Nothing is set in it, so as it stands it changes nothing.",
            fence(configuration_text(), "yaml"),
        ]
    )


def _maps(schema: Schema, settings: Schema, prefix: str) -> Iterator[tuple[str, str]]:
    """Each definition with where in the file it is used; `RULE` stands for a key of one's own."""
    for name, setting in settings.items():
        found = re.search(r"#/\$defs/(\w+)", json.dumps(setting))
        if found is not None:
            path = f"{prefix}{name}{'.RULE' if 'additionalProperties' in setting else ''}"
            yield found[1], path
            yield from _maps(schema, schema["$defs"][found[1]]["properties"], f"{path}.")


def _record(schema: Schema, prefix: str, paths: Mapping[str, str]) -> Iterator[str]:
    rows = [
        (
            code(prefix + name),
            kind(setting, lambda inner: f"[a map](#{paths[inner].replace('.', '').lower()})"),
            "" if "$ref" in setting else default(setting) or _none(setting),
            setting.get("description") or "A map of its own; see below.",
        )
        for name, setting in schema["properties"].items()
    ]
    yield table(("setting", "values", "default", "what it is"), rows)


def _none(setting: Schema) -> str:
    return code(json.dumps(setting["default"])) if "default" in setting else "`{}`"
