"""`.github/otp-genesis.yml`, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot.config import CONFIG_PATH, schema_text
from bot.core.render.markdown import code, fence, table
from bot.flows.onboarding.configuration import configuration_text
from scripts.docs.schema_text import Schema, default, kind

PAGE = "reference/configuration.md"


def configuration() -> str:
    """Every setting with its values and its default, and a file that holds them all."""
    schema = json.loads(schema_text())
    return "\n\n".join(
        [
            "# Settings of a repository",
            f"All that may stand in `{CONFIG_PATH}`. What the settings do, and when the file"
            " counts, is told under [configuration](../configuration.md).",
            *_record(schema, ""),
            *(
                part
                for name, inner in schema["$defs"].items()
                for part in (
                    f"## `{name.lower()}`",
                    inner["description"],
                    *_record(inner, f"{name.lower()}."),
                )
            ),
            "## A file to begin with",
            "Nothing is set in it, so as it stands it changes nothing.",
            fence(configuration_text(), "yaml"),
        ]
    )


def _record(schema: Schema, prefix: str) -> Iterator[str]:
    rows = [
        (
            code(prefix + name),
            kind(setting, lambda inner: f"[a map](#{inner.lower()})"),
            "" if "$ref" in setting else default(setting) or _none(setting),
            setting.get("description") or "A map of its own; see below.",
        )
        for name, setting in schema["properties"].items()
    ]
    yield table(("setting", "values", "default", "what it is"), rows)


def _none(setting: Schema) -> str:
    return code(json.dumps(setting["default"])) if "default" in setting else "`{}`"
