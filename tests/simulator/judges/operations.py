"""The operations of GitHub's REST description, and which of them a request means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.simulator.judges import library, schemas
from tests.simulator.judges.schemas import Library, standard

METHODS = ("get", "put", "post", "delete", "patch")
SAME_AS_BASEHEAD = "repos/compare-commits"
"""A second description of `repos/compare-commits-with-basehead`, for old clients."""
SLASHED = {"path", "ref", "branch", "basehead"}
"""Parameters that may contain slashes on the wire: GitHub takes them unescaped."""

OPTIONAL = ("/{path}", "/tarball/{ref}", "/zipball/{ref}")
"""Where the last parameter may be left out: the top folder, the default branch."""


@dataclass(frozen=True)
class Operation:
    """One operation; schemas are standard JSON Schema with references into the components."""

    id: str
    method: str
    template: str
    query: Mapping[str, Any]
    """Name -> schema."""
    body: Any
    """Schema of a JSON request body; None if none is described."""
    body_required: bool
    responses: Mapping[str, Mapping[str, Any]]
    """Status -> media type -> schema; no media types means no body."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        if self.template.endswith(OPTIONAL):
            return re.compile(_pattern(self.template.rpartition("/")[0]) + "(/.*)?")
        return re.compile(_pattern(self.template))

    @cached_property
    def literals(self) -> tuple[int, int]:
        """Literal segments, then literal characters: of two templates that fit, more wins."""
        segments = [s for s in self.template.split("/") if "{" not in s]
        return len(segments), sum(map(len, segments))


def _pattern(template: str) -> str:
    parts = re.split(r"\{([^}]+)\}", template)
    made = [
        (".+" if part in SLASHED else "[^/]+") if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    ]
    return "".join(made)


class Description:
    """All operations, found by method and path, and the named schemas."""

    def __init__(self, data: Any) -> None:
        self.library = Library(data["schemas"])
        self.operations = {entry["id"]: Operation(**entry) for entry in data["operations"]}
        self._by_method: dict[str, list[Operation]] = {}
        for operation in sorted(
            self.operations.values(), key=lambda each: each.literals, reverse=True
        ):
            self._by_method.setdefault(operation.method, []).append(operation)
        self._found: dict[tuple[str, str], Operation | None] = {}

    @classmethod
    def load(cls) -> Description:
        return cls(library.compacted("rest", _compact, __file__, schemas.__file__))

    def operation(self, method: str, path: str) -> Operation | None:
        """The most literal operation whose template fits the raw path."""
        method = "GET" if method == "HEAD" else method
        key = (method, path)
        if key not in self._found:
            candidates = self._by_method.get(method, ())
            self._found[key] = next((o for o in candidates if o.pattern.fullmatch(path)), None)
        return self._found[key]


def _compact() -> Any:
    """What judging needs of the 13 MB: operations with inlined parameters, standard schemas."""
    whole = library.rest_description()
    components = whole["components"]
    return {
        "schemas": {name: standard(each) for name, each in components["schemas"].items()},
        "operations": [
            _operation(method, template, item, components)
            for template, methods in whole["paths"].items()
            for method, item in methods.items()
            if method in METHODS and item["operationId"] != SAME_AS_BASEHEAD
        ],
    }


def _operation(method: str, template: str, item: Any, components: Any) -> dict[str, Any]:
    parameters = [_resolved(each, components) for each in item.get("parameters", ())]
    body = item.get("requestBody", {})
    json_body = body.get("content", {}).get("application/json", {})
    return {
        "id": item["operationId"],
        "method": method.upper(),
        "template": template,
        "query": {p["name"]: standard(p["schema"]) for p in parameters if p["in"] == "query"},
        "body": standard(json_body.get("schema")),
        "body_required": bool(body.get("required")),
        "responses": {
            status: {
                media: standard(content.get("schema", {}))
                for media, content in _resolved(answer, components).get("content", {}).items()
            }
            for status, answer in item["responses"].items()
        },
    }


def _resolved(item: Any, components: Any) -> Any:
    while "$ref" in item:
        _, _, kind, name = item["$ref"].split("/")
        item = components[kind][name]
    return item
