"""Finds what a path leads to at one point of a file, or says why there can be nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.faults import near
from bot.pipeline.checks.checker import Checker
from bot.pipeline.checks.known import VARIABLE_SPACES, Known, Missing, Ran
from bot.pipeline.checks.paths import Path, spelled, trail_of
from bot.pipeline.checks.shapes import ANYTHING, Fields, NoField, Shape, named
from bot.pipeline.scope import AMBIENT, RESERVED

_STEP = Fields(named(("name", "description")))
_ENVIRONMENT = Fields(named(("mode", "debug_level")))


def found(checker: Checker, path: Path, known: Known) -> Shape:
    """What the path leads to; raises `Missing` where there can be nothing."""
    shape, keys = _base(checker, path, known)
    for position, key in enumerate(keys):
        try:
            shape = shape.child(key)
        except NoField as lack:
            so_far = (path.name, *path.keys[: len(path.keys) - len(keys) + position])
            raise Missing(_no_field(so_far, key, lack)) from None
    return shape


def check_trail(shape: Shape, owner: str, trail: str) -> Shape:
    """The shape at `a.b[0].c`; raises `Missing` where there can be nothing, or `ValueError`."""
    keys = trail_of(trail)
    for position, key in enumerate(keys):
        try:
            shape = shape.child(key)
        except NoField as lack:
            raise Missing(_no_field((owner, *keys[:position]), key, lack)) from None
    return shape


def may_appear(checker: Checker, path: Path) -> bool:
    """Whether an expression that copes with absence can ever find something there."""
    name = path.keys[0] if path.name in ("steps", *VARIABLE_SPACES) and path.keys else path.name
    somewhere = checker.all_steps | checker.all_variables | frozenset(RESERVED + AMBIENT)
    return name in somewhere or checker.open_names or checker.fragment


def _base(checker: Checker, path: Path, known: Known) -> tuple[Shape, tuple[str | int, ...]]:
    """The shape the path begins with, and the keys that are still to follow."""
    name, keys = path.name, path.keys
    if name == "steps":
        if not keys or not isinstance(keys[0], str):
            return ANYTHING, ()
        return passed_step(checker, keys[0], known, guarded=path.guarded).view(), keys[1:]
    if name == "inputs":
        return (_input(checker, str(keys[0]), known, path.guarded), keys[1:]) if keys else _any
    if name in VARIABLE_SPACES and name not in known.everything:
        return (_variable(checker, str(keys[0]), known), keys[1:]) if keys else _any
    if name == "workflow":
        return known.head, keys
    if name == "loop" and name not in known.local:
        raise Missing("'loop' exists only inside a loop")
    return _bare(checker, path, known), keys


_any: tuple[Shape, tuple[str | int, ...]] = (ANYTHING, ())


def _bare(checker: Checker, path: Path, known: Known) -> Shape:
    name = path.name
    if name in known.local:
        return known.local[name]
    if name in known.steps:
        return known.steps[name].view()
    if name in known.apart:
        raise Missing(_kept_apart(name, known))
    if name in known.variables or name in known.inputs:
        return known.variables.get(name) or known.inputs[name]
    if name in checker.lost or name == "models":
        return ANYTHING
    if name in AMBIENT:
        return {"step": _STEP, "environment": _ENVIRONMENT}.get(name, ANYTHING)
    if name in checker.all_steps:
        return passed_step(checker, name, known, guarded=path.guarded).view()
    if checker.open_names:
        _free(checker, name, known, path.guarded)
        return ANYTHING
    raise Missing(f"{name!r} is not defined here{checker.near(name, known.everything)}")


def passed_step(checker: Checker, name: str, known: Known, *, guarded: bool) -> Ran:
    """A step that has run by now; raises `Missing` for any other."""
    if name in known.steps:
        return known.steps[name]
    if name in known.ahead:
        if guarded:
            return known.ahead[name]
        raise Missing(
            f"step {name!r} has not run in the first iteration; "
            f"write `steps.{name}... | default(...)`, or test `steps.{name} exists` before"
        )
    if name in checker.lost:
        return Ran()
    if name in checker.all_steps:
        raise Missing(f"step {name!r} has not run at this point")
    if checker.fragment:
        checker.expects.append(name)
        return Ran()
    raise Missing(f"there is no step {name!r}{checker.near(name, checker.all_steps)}")


def _input(checker: Checker, name: str, known: Known, guarded: bool) -> Shape:
    if checker.open_names:
        checker.free[name] = checker.free.get(name, False) or not guarded
        return ANYTHING
    if name in known.inputs or name in checker.lost:
        return known.inputs.get(name, ANYTHING)
    raise Missing(f"there is no input {name!r}{checker.near(name, known.inputs)}")


def _variable(checker: Checker, name: str, known: Known) -> Shape:
    if name in known.apart:
        raise Missing(_kept_apart(name, known))
    space = known.variable_space()
    if name in space or name in checker.lost or checker.fragment:
        return space.get(name, ANYTHING)
    raise Missing(f"no variable {name!r} is set at this point{checker.near(name, space)}")


def _free(checker: Checker, name: str, known: Known, guarded: bool) -> None:
    checker.free[name] = checker.free.get(name, False) or not guarded


def _kept_apart(name: str, known: Known) -> str:
    loop = known.apart[name]
    return (
        f"{name!r} is set in the parallel loop {loop!r}, whose iterations keep their variables "
        f"to themselves; read `steps.{loop}.results`"
    )


def _no_field(trail: Iterable[str | int], key: str | int, lack: NoField) -> str:
    owner = spelled(trail)
    if not lack.is_map:
        return f"{owner!r} is no map, so it has no field {key!r}"
    choice = near(str(key), lack.known) or (
        f"; there are: {', '.join(sorted(set(lack.known))[:12])}" if lack.known else ""
    )
    return f"{owner!r} has no field {key!r}{choice}"
