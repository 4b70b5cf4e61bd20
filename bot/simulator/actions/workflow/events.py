"""The `on` key: which events a workflow wants, with their filters and inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast, get_args

from bot.simulator.actions.workflow.document import Mapping, Node, Place, Sequence
from bot.simulator.actions.workflow.fields import Fields, data, is_null, one_of, text, texts
from bot.simulator.actions.workflow.model import Input, InputType, Trigger
from bot.simulator.actions.workflow.patterns import PatternError, compile_pattern
from bot.simulator.actions.workflow.places import CALL_OUTPUT, CONSTANT, INPUT_DEFAULT

PULL = (
    *("opened", "synchronize", "reopened", "assigned", "unassigned", "labeled", "unlabeled"),
    *("edited", "closed", "converted_to_draft", "ready_for_review", "locked", "unlocked"),
    *("milestoned", "demilestoned", "review_requested", "review_request_removed"),
    *("auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued"),
)
TYPES: dict[str, tuple[str, ...]] = {
    "branch_protection_rule": ("created", "edited", "deleted"),
    "check_run": ("created", "rerequested", "completed", "requested_action"),
    "check_suite": ("completed",),
    "create": (),
    "delete": (),
    "deployment": (),
    "deployment_status": (),
    "fork": (),
    "issue_comment": ("created", "edited", "deleted"),
    "issues": (
        *("opened", "edited", "deleted", "transferred", "pinned", "unpinned", "closed", "reopened"),
        *("assigned", "unassigned", "labeled", "unlabeled", "locked", "unlocked"),
        *("milestoned", "demilestoned", "typed", "untyped"),
    ),
    "label": ("created", "edited", "deleted"),
    "merge_group": ("checks_requested", "destroyed"),
    "milestone": ("created", "closed", "opened", "edited", "deleted"),
    "public": (),
    "pull_request": PULL,
    "pull_request_review": ("submitted", "edited", "dismissed"),
    "pull_request_review_comment": ("created", "edited", "deleted"),
    "pull_request_target": PULL,
    "push": (),
    "release": (
        *("published", "unpublished", "created", "edited", "deleted", "prereleased", "released"),
    ),
    "repository_dispatch": (),
    "schedule": (),
    "status": (),
    "watch": ("started",),
    "workflow_call": (),
    "workflow_dispatch": (),
    "workflow_run": ("completed", "requested", "in_progress"),
}
"""Each event the simulator takes, with the activity types it has."""
NEVER_HAPPEN = frozenset(
    {"discussion", "discussion_comment", "gollum", "image_version", "page_build", "project"}
    | {"project_card", "project_column", "pull_request_comment", "registry_package"}
)
"""Events of GitHub that nothing here could cause."""
DEFAULT_TYPES = dict.fromkeys(("pull_request", "pull_request_target"), PULL[:3])

FILTERS = {
    "push": ("branches", "tags", "paths"),
    "pull_request": ("branches", "paths"),
    "pull_request_target": ("branches", "paths"),
    "workflow_run": ("branches",),
    "merge_group": ("branches",),
}
MAX_INPUTS = 25


def read_triggers(node: Node) -> dict[str, Trigger]:
    match node:
        case Mapping(entries, keys):
            return {key: _trigger(key, value, keys[key]) for key, value in entries.items()}
        case Sequence(items):
            return {text(item): _bare(text(item), item.place) for item in items}
        case _:
            return {text(node): _bare(text(node), node.place)}


def _check_event(event: str, place: Place) -> None:
    if event in NEVER_HAPPEN:
        raise place.error(f"The event '{event}' is not supported by this simulator")
    one_of(event, TYPES, place)


def _bare(event: str, place: Place) -> Trigger:
    _check_event(event, place)
    if event == "schedule":
        raise place.error("schedule needs a list of cron entries")
    return Trigger(event, types=DEFAULT_TYPES.get(event))


def _trigger(event: str, node: Node, place: Place) -> Trigger:
    """GitHub ignores unknown keys under workflow_dispatch, and only there."""
    _check_event(event, place)
    if event == "schedule":
        return Trigger(event, crons=_crons(node))
    if is_null(node):
        return _bare(event, place)
    fields = Fields(node)
    match event:
        case "workflow_dispatch":
            return Trigger(event, inputs=_inputs(fields, dispatched=True))
        case "workflow_call":
            trigger = _call(fields)
        case _:
            trigger = _filtered(event, fields)
    fields.finish()
    return trigger


def _filtered(event: str, fields: Fields) -> Trigger:
    types = _types(event, fields)
    filters: dict[str, Any] = {
        key.replace("-", "_"): _patterns(fields, key)
        for name in FILTERS.get(event, ())
        for key in (name, f"{name}-ignore")
    }
    for name in FILTERS.get(event, ()):
        if filters[name] is not None and filters[f"{name}_ignore"] is not None:
            message = f"you may only define one of `{name}` and `{name}-ignore` for a single event"
            raise fields.place.error(message)
    workflows = (fields.texts("workflows") or ()) if event == "workflow_run" else ()
    if event == "workflow_run" and not workflows:
        raise fields.place.error("Required property is missing: workflows")
    return replace(Trigger(event, types=types, workflows=workflows), **filters)


def _types(event: str, fields: Fields) -> tuple[str, ...] | None:
    node = fields.take("types") if TYPES[event] or event == "repository_dispatch" else None
    if node is None:
        return DEFAULT_TYPES.get(event)
    names = texts(node)
    for name in names if event != "repository_dispatch" else ():
        one_of(name, frozenset(TYPES[event]), node.place)
    return names


def _patterns(fields: Fields, key: str) -> tuple[str, ...] | None:
    node = fields.take(key)
    if node is None:
        return None
    patterns = texts(node)
    try:
        for pattern in patterns:
            compile_pattern(pattern.removeprefix("!"))
    except PatternError as error:
        raise node.place.error(f"Invalid filter pattern: {error}") from error
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        raise node.place.error("At least one pattern must be without '!'")
    return patterns


def _crons(node: Node) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        raise node.place.error("A sequence was expected")
    crons: list[str] = []
    for item in node.items:
        fields = Fields(item)
        crons.append(text(fields.need("cron")))
        fields.take("timezone")
        fields.finish()
        if len(crons[-1].split()) != 5:
            raise item.place.error(f"Invalid cron {crons[-1][:100]!r}: five fields were expected")
    return tuple(crons)


def _call(fields: Fields) -> Trigger:
    outputs = {
        name: text(_closed(Fields(value), "description", "value").need("value"), CALL_OUTPUT)
        for name, value in _entries(fields.take("outputs")).items()
    }
    secrets = {
        name: not is_null(value) and Fields(value).flag("required") is True
        for name, value in _entries(fields.take("secrets")).items()
    }
    inputs = _inputs(fields, dispatched=False)
    return Trigger("workflow_call", inputs=inputs, outputs=outputs, secrets=secrets)


def _closed(fields: Fields, *allowed: str) -> Fields:
    rest = Fields(Mapping(dict(fields.left), fields.keys, fields.place))
    for key in allowed:
        rest.take(key)
    rest.finish()
    return fields


def _entries(node: Node | None) -> dict[str, Node]:
    if node is None or is_null(node):
        return {}
    return Fields(node).left


def _inputs(fields: Fields, *, dispatched: bool) -> dict[str, Input]:
    node = fields.take("inputs")
    entries = _entries(node)
    if node is not None and dispatched and len(entries) > MAX_INPUTS:
        raise node.place.error(f"you may only define up to {MAX_INPUTS} `inputs`")
    return {name: _input(name, entry, dispatched) for name, entry in entries.items()}


def _input(name: str, node: Node, dispatched: bool) -> Input:
    if is_null(node) and dispatched:
        return Input(name)
    fields = Fields(node)
    given = fields.take("type") if dispatched else fields.need("type")
    kinds = frozenset(get_args(InputType)) if dispatched else frozenset(get_args(InputType)[:3])
    kind = "string" if given is None else one_of(text(given), kinds, given.place)
    default = fields.take("default")
    read = Input(
        name,
        type=cast(InputType, kind),
        required=fields.flag("required") is True,
        default=None
        if default is None
        else data(default, CONSTANT if dispatched else INPUT_DEFAULT),
        options=(fields.texts("options") or ()) if dispatched else (),
        description=fields.text("description"),
    )
    if not dispatched:
        fields.finish()
    if kind == "choice" and not read.options:
        raise node.place.error(f"The choice {name!r} has no options")
    return read
