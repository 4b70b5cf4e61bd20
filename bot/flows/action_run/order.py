"""What the action is asked to do: the inputs of its step, all of them texts, checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError

from bot.codebase.paths import parts
from bot.core.faults import near, plainly
from bot.core.model import Record
from bot.errors import Misused, Refused

INPUTS = "GENESIS_ACTION_INPUTS"
"""Variable with the JSON of the action's inputs: no input is ever a word of a script."""

Command = Literal["analyze", "plan", "stage", "verify", "react"]
FailOn = Literal["error", "warning", "info", "never"]

ELIXIR_COMMANDS: frozenset[Command] = frozenset({"stage", "verify"})
"""Those that build and test; the others read source and need no Elixir."""


def _listed(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _relative(value: str) -> str:
    path = value.strip().removeprefix("./").rstrip("/")
    if path in ("", "."):
        return ""
    try:
        parts(path)
    except Refused:
        raise ValueError("must be a folder below the work space, such as apps/shop") from None
    return path


def _revision(value: str) -> str:
    if value.startswith("-") or not value.isprintable() or " " in value:
        raise ValueError("cannot be a commit, branch or tag")
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Folder = Annotated[str, AfterValidator(_relative)]
Revision = Annotated[str, Field(max_length=255), AfterValidator(_revision)]
Version = Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]*$")]


class ActionOrder(Record):
    """One use of the action; an input that is empty counts as not given."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    command: Command
    path: Folder = ""
    """The project below the work space; empty for the top."""
    rules: Words = ()
    fail_on: FailOn = "never"
    changed_since: Revision = ""
    baseline: Folder = ""
    """A file below the work space."""
    goal: str = ""
    stage: int | None = Field(default=None, ge=1, le=4)
    only: str = Field(default="", max_length=200, pattern=r"^[a-z0-9-]*$")
    base: Revision = ""
    gates: bool = True
    credo: Literal["project", "beside"] = "project"
    sandbox: Literal["auto", "required"] = "auto"
    cache: bool = True
    elixir_version: Version | None = None
    otp_version: Version | None = None
    max_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_minutes: float | None = Field(default=None, gt=0, le=360, allow_inf_nan=False)

    @property
    def needs_elixir(self) -> bool:
        """Whether it builds the project."""
        return self.command in ELIXIR_COMMANDS


def parse_order(text: str) -> ActionOrder:
    """The order in the JSON of the inputs; raises `Misused` with the input's name and the fix."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Misused(
            "the inputs of the action are no JSON object",
            hint="this command is for the steps of action.yml",
        )
    present = {str(k): v.strip() if isinstance(v, str) else v for k, v in given.items()}
    present = {name: value for name, value in present.items() if value not in ("", None)}
    try:
        order = ActionOrder.model_validate(present)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise Misused(
            "; ".join(_said(fault) for fault in faults[:5]),
            hint=f"docs/action.md lists the inputs; `command` is one of {', '.join(_COMMANDS)}",
        ) from None
    for problem in _contradictions(order, present):
        raise problem
    return order


_COMMANDS: tuple[str, ...] = get_args(Command)


def _said(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"][:1])
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return f"the input {name!r} is missing"
    if kind == "extra_forbidden":
        known = [field.replace("_", "-") for field in ActionOrder.model_fields]
        return f"there is no input {name!r}{near(name, known)}"
    value = str(fault["input"])[:60]
    if kind == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        close = get_close_matches(value, choices, 1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        return f"input {name!r}: must be {context['expected']}, not {value!r}{meant}"
    if kind == "string_pattern_mismatch":
        return f"input {name!r}: {value!r} has characters that cannot stand there"
    return f"input {name!r}: {plainly(kind, context, str(fault['msg']))}, not {value!r}"


_FOR: Mapping[str, tuple[Command, ...]] = {
    "path": ("analyze", "plan", "stage", "verify"),
    "rules": ("analyze",),
    "fail-on": ("analyze",),
    "changed-since": ("analyze",),
    "baseline": ("analyze",),
    "goal": ("plan", "stage"),
    "stage": ("stage",),
    "only": ("stage",),
    "base": ("verify",),
}
"""Inputs that mean something to some commands only."""


def _contradictions(order: ActionOrder, present: Mapping[str, Any]) -> Iterator[Misused]:
    for name, commands in _FOR.items():
        unset = name not in present or present[name] == "never"
        if not unset and order.command not in commands:
            yield Misused(
                f"input {name!r} is not for `command: {order.command}`",
                hint=f"it is for {', '.join(commands)}; leave it out here",
            )
    if order.command == "stage" and order.stage is None:
        yield Misused("the input 'stage' is missing", hint="name a stage, 1 to 4")
