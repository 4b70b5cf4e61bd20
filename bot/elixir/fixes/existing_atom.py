"""Conversions to atoms that only find atoms which are there already."""

from __future__ import annotations

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.edit import Edit
from bot.elixir.edit import apply as apply_edits
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.locate import Place, find, params_of, place_of
from bot.elixir.project import Project

SAFE = {
    "String.to_atom": "to_existing_atom",
    "List.to_atom": "to_existing_atom",
    ":erlang.binary_to_atom": "binary_to_existing_atom",
    ":erlang.list_to_atom": "list_to_existing_atom",
}


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Always assisted: a name nobody has loaded yet now raises."""
    place = place_of(project, finding)
    if place is None or place.call.full not in SAFE:
        return Declined("an atom put together by interpolation has no safe counterpart")
    if _names_a_node(place):
        return Declined("the atom names a node to connect to: a new one is what is looked for")
    label = f"{place.module.name}.{place.clause.function.label}"
    return Proposal(
        title=f"Take only known atoms in `{label}`",
        params=params_of(place),
        fix="assisted",
        decision=(
            "Is every name that may come here written in code that is loaded by then? An unknown "
            "one raises "
            "`ArgumentError` after this patch: who handles it? Where the names are few and "
            "known, a map "
            "from strings to atoms says so and needs no conversion."
        ),
    )


def _names_a_node(place: Place) -> bool:
    """Whether the atom goes, by itself or by a variable, into a call about nodes."""
    call, match = place.call, place.call.statement.parent
    left = match.child_by_field_name("left") if match is not None else None
    bound = nodes.operator(match) == "=" and left is not None if match is not None else False
    name = nodes.text(left) if bound and left is not None else ""
    return any(
        (other.module in ("Node", ":net_kernel", ":erpc", ":rpc") or "node" in other.name)
        and any(
            nodes.contains(a, call.node) or (name and name in nodes.identifiers(a))
            for a in other.args
        )
        for other in place.clause.calls
        if other.start != call.start
    )


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The conversion by its safe counterpart."""
    place = find(project, params)
    if place is None or place.call.full not in SAFE:
        return Declined(f"`{params['code']}` no longer stands in `{params['function']}`")
    target = place.call.node.child_by_field_name("target")
    name = target.child_by_field_name("right") if target is not None else None
    if name is None:
        return Declined("the conversion is imported and written without its module")
    edit = Edit(place.path, name.start_byte, name.end_byte, SAFE[place.call.full])
    return apply_edits(project.files, [edit])


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """None: which names are valid is what the person decides."""
    return Declined("which names are valid is a person's decision, and so is the test of it")


CODEMOD = Codemod(
    name="existing_atom",
    rules=("dynamic-atom",),
    fix="assisted",
    summary="Replaces `to_atom` by `to_existing_atom`.",
    invariant=(
        "Names of known atoms convert as before. Unknown ones raise instead of growing the table."
    ),
    steps=(
        "List the names that may come, and make sure that loaded code mentions each of them.",
        "Handle the `ArgumentError` where the value enters the system.",
    ),
    how_to_test="A random name is refused, and every valid one still converts.",
    done_when=("No value from outside can create an atom.",),
    propose=propose,
    apply=apply,
    test=test,
    risk="medium",
)
