"""Make a process that is started by hand a child of the application's root supervisor."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import Edit
from bot.elixir.edit import apply as apply_edits
from bot.elixir.facts import ModuleFacts
from bot.elixir.fixes import child_proof
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.child_list import RootList, insertion, root_list
from bot.elixir.fixes.layout import line_length
from bot.elixir.fixes.locate import Place, find, params_of, place_of
from bot.elixir.fixes.stray_start import position, removable, removal, specification
from bot.elixir.mixfile import App
from bot.elixir.project import Project


@dataclass(frozen=True)
class _Move:
    """The start, and where it goes."""

    place: Place
    app: App
    target: ModuleFacts
    found: RootList
    spec: str
    index: int

    @property
    def at_boot(self) -> bool:
        return self.place.module.name == self.app.callback


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Automatic for a start beside the tree in the application's own `start/2`; else assisted."""
    place = place_of(project, finding)
    if place is None or finding.fix == "advice":
        return Declined("the process belongs to the one that starts it: no child list fits it")
    move = _move(project, place, finding.data.get("target", ""))
    if isinstance(move, Declined):
        return move
    params = {**params_of(place), "target": move.target.name, "app": move.app.name}
    safe = removable(place) is not None
    plain = move.at_boot and place.call.name == "start_link"
    automatic = finding.fix == "automatic" and plain and safe
    return Proposal(
        title=f"Start `{move.target.name}` under `{move.app.name}`'s root supervisor",
        params=params,
        fix="automatic" if automatic else "assisted",
        decision="" if automatic else _decision(move, safe),
        notes=(
            f"A crash of `{move.target.name}` now restarts it with the state of its `init/1`; "
            + ("before, it stopped the application." if automatic else "before, nobody did."),
            "It stops with the supervisor, in reverse order of the list.",
        ),
    )


def _decision(move: _Move, safe: bool) -> str:
    where = f"`{move.place.module.name}.{move.place.clause.function.label}`"
    stray = (
        f"the start in {where} is taken out"
        if safe
        else f"the start in {where} stays and will now get `{{:error, {{:already_started, pid}}}}`"
    )
    return (
        f"Is one `{move.target.name}` for the whole application wanted, from its start on? "
        f"With this patch {stray}; check its callers."
    )


def _move(project: Project, place: Place, name: str) -> _Move | Declined:
    app, target = project.app_of(place.path), project.modules.get(name)
    if app is None or target is None:
        return Declined("which module is started is known only at run time")
    if not app.callback:
        return Declined(f"`{app.name}` starts no supervisor of its own")
    if not target.has("start_link", 1) and place.call.name != "start_link":
        return Declined(f"`{name}` has no `start_link/1`: no supervisor can own it")
    at_boot = place.module.name == app.callback
    if not at_boot and not (target.names or "name" in place.call.keywords()):
        return Declined(f"every call starts a `{name}` of its own: that needs a DynamicSupervisor")
    if any(c.module == name for f in project.facts for cl in f.child_lists for c in cl.children):
        return Declined(f"`{name}` stands in a child list already")
    found = root_list(project, app)
    if found is None or not found.facts.literal or not found.facts.list_end:
        return Declined(f"the children of `{app.callback}` are no literal list")
    if at_boot and found.path != place.path:
        return Declined(f"the children are listed in {found.path}, not where it is started")
    spec = specification(place, target)
    if isinstance(spec, Declined):
        return spec
    children = found.facts.children
    early = at_boot and place.call.start < found.facts.start
    index = position(project, name, children, 0 if early else len(children))
    return index if isinstance(index, Declined) else _Move(place, app, target, found, spec, index)


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The list with the new child, without the start by hand where nothing used its result."""
    place = find(project, params)
    if place is None:
        return Declined(f"`{params['code']}` no longer stands in `{params['function']}`")
    move = _move(project, place, params["target"])
    return move if isinstance(move, Declined) else apply_edits(project.files, _edits(project, move))


def _edits(project: Project, move: _Move) -> list[Edit]:
    statement = removable(move.place)
    edits, comments = [], tuple[str, ...]()
    if statement is not None:
        edit, comments = removal(move.place, statement)
        edits.append(edit)
    entry = (*comments, move.spec) if move.at_boot else (move.spec,)
    limit = line_length(project, move.found.path)
    return [*edits, insertion(project, move.found, entry, move.index, limit)]


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """Kill the child once: it must come back, under the same supervisor."""
    return child_proof.generate(project, params)


def _mutant(entry: str, keep: bool) -> _MutantMaker:
    return _MutantMaker(entry, keep)


@dataclass(frozen=True)
class _MutantMaker:
    """A child entry that only looks like a fix; `keep` leaves the start by hand, unlinked."""

    entry: str
    keep: bool

    def __call__(self, project: Project, params: Params) -> tuple[Change, ...]:
        place = find(project, params)
        move = _move(project, place, params["target"]) if place is not None else None
        if place is None or move is None or isinstance(move, Declined):
            return ()
        if self.keep:
            call = place.call.node
            code = f"({place.call.node.text.decode() if place.call.node.text else ''}"
            text = f"{code} |> tap(fn {{:ok, pid}} -> Process.unlink(pid) end))"
            edit = Edit(place.path, call.start_byte, call.end_byte, text)
            return apply_edits(project.files, [edit])
        spec = self.entry.format(spec=move.spec, target=move.target.name)
        changed = _Move(place, move.app, move.target, move.found, spec, move.index)
        return apply_edits(project.files, _edits(project, changed))


CODEMOD = Codemod(
    name="add_child",
    rules=("process-outside-supervisor",),
    fix="automatic",
    summary="Lists a process that was started by hand among the children of the root supervisor.",
    invariant=(
        "The same module starts with the same arguments, once, behind the children it uses and "
        "before those that use it. Automatic for a start in the application's own `start/2` whose "
        "result nobody keeps; elsewhere a person decides. Other children keep their order."
    ),
    steps=(
        "Write the start as a child specification and insert it at its place in the list.",
        "Take the start by hand out, together with its comments, where nothing uses its result.",
    ),
    how_to_test="Find the child under the root supervisor, kill it, see another in its place.",
    done_when=(
        "The module is a child of the root supervisor and comes back after a crash.",
        "Nothing starts it by hand any more.",
    ),
    propose=propose,
    apply=apply,
    test=test,
    risk="medium",
    mutants={
        "never-restarted": _mutant("Supervisor.child_spec({spec}, restart: :temporary)", False),
        "only-unlinked": _mutant("", True),
        "started-by-a-task": _mutant(
            "{{Task, fn -> {{:ok, _}} = {target}.start_link([]) && Process.sleep(:infinity) end}}",
            False,
        ),
    },
)
