"""Judges webhook deliveries against GitHub's published description of its webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.simulator.judges import library
from tests.simulator.judges import schemas as conversion
from tests.simulator.judges.exchanges import Delivery, NotJson, Verdict
from tests.simulator.judges.schemas import Library, standard

HEADERS = {
    "user-agent": r"GitHub-Hookshot/[0-9a-f]{7}",
    "x-github-delivery": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "x-github-event": r"[a-z_]+",
    "x-github-hook-id": r"\d+",
    "x-github-hook-installation-target-id": r"\d+",
    "x-github-hook-installation-target-type": r"repository|organization|integration",
    "x-hub-signature-256": r"sha256=[0-9a-f]{64}",
    "content-type": r"application/json",
    "accept": r"\*/\*",
}
"""Name -> what it looks like: those of the description, and what GitHub's guide shows besides."""

TARGETS = {"repository": "repository", "organization": "organization", "integration": "app"}
"""As the header names the owners of hooks, and as the description does."""


class WebhookJudge:
    """Holds deliveries to the description; kinds are `event/action`, or `event` alone."""

    def __init__(self, data: Any) -> None:
        self.library = Library(data["schemas"])
        self.kinds: dict[str, Any] = data["kinds"]
        self.targets: dict[str, list[str]] = data["targets"]

    @classmethod
    def load(cls) -> WebhookJudge:
        return cls(library.compacted("webhooks", _compact, __file__, conversion.__file__))

    def kind(self, event: str, action: str | None) -> str:
        """Raises KeyError for a pair that GitHub does not send."""
        for name in (f"{event}/{action}", event):
            if name in self.kinds:
                return name
        raise KeyError(f"{event}/{action}")

    def judge(self, delivery: Delivery) -> Verdict:
        errors = list(_headers(delivery))
        try:
            kind = self.kind(delivery.event, delivery.action)
            payload = delivery.payload()
        except KeyError as error:
            return Verdict("", 0, (*errors, f"GitHub describes no webhook {error}"))
        except NotJson as error:
            return Verdict("", 0, (*errors, f"payload is not JSON: {error}"))
        target = TARGETS.get(delivery.headers.get("x-github-hook-installation-target-type", ""))
        if target not in self.targets[kind]:
            errors.append(f"sent to the hook of a {target}: it is for {self.targets[kind]}")
        return self.judge_payload(kind, payload, errors)

    def judge_payload(self, kind: str, payload: Any, errors: list[str] | None = None) -> Verdict:
        schema = self.kinds[kind]
        found = [f"payload {p}" for p in self.library.problems(kind, schema, payload)]
        known = self.library.known_keys(schema)
        unknown = sorted(payload.keys() - known) if known and isinstance(payload, dict) else []
        notices = tuple(f"payload key {name!r} is not described" for name in unknown)
        return Verdict(f"webhook {kind}", 0, (*(errors or ()), *found), notices)


def _headers(delivery: Delivery) -> Iterator[str]:
    if not delivery.genuine:
        yield "signature is not that of the raw bytes"
    for name, pattern in HEADERS.items():
        value = delivery.headers.get(name)
        if value is None:
            yield f"header {name} is missing"
        elif not re.fullmatch(pattern, value):
            yield f"header {name} is {value!r}"


def _compact() -> Any:
    """`issues/opened` or `push` -> its schema, whose hooks hear of it; and the named schemas."""
    whole = library.webhook_description()
    kinds, targets = {}, {}
    for item in whole["webhooks"].values():
        content = item["post"]["requestBody"]["content"]
        # pull-request/review-requested: events and actions are spelt with underscores.
        name = item["post"]["operationId"].replace("-", "_")
        kinds[name] = standard(content["application/json"]["schema"])
        targets[name] = item["post"]["x-github"]["supported-webhook-types"]
    # Its action is whatever the caller named; the description has that of an example.
    example = "repository_dispatch/sample.collected"
    kinds["repository_dispatch"] = _without_enum(kinds.pop(example), whole)
    targets["repository_dispatch"] = targets.pop(example)
    named = whole["components"]["schemas"]
    schemas = {name: standard(each) for name, each in named.items()}
    return {"schemas": schemas, "kinds": kinds, "targets": targets}


def _without_enum(schema: Any, whole: Any) -> Any:
    resolved = standard(Library(whole["components"]["schemas"]).resolved(schema))
    return resolved | {"properties": resolved["properties"] | {"action": {"type": "string"}}}
