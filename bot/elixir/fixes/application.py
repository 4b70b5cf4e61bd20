"""Give a deployable application an Application module and the `mod:` entry that starts it."""

from __future__ import annotations

from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.edit import Edit, apply, indentation
from bot.elixir.fixes.base import Declined
from bot.elixir.fixes.layout import column, line_length, trailing
from bot.elixir.mixfile import App
from bot.elixir.outline import modules_of
from bot.elixir.project import Project

_MODULE = """\
defmodule {name} do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {entry}
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: {root}.Supervisor)
  end
end
"""


def namespace(project: Project, app: App) -> str:
    """The module all others are named under: `MyApp` for `:my_app`, as its code writes it."""
    if app.callback.endswith(".Application"):
        return app.callback.removesuffix(".Application")
    plain = app.name.replace("_", "").lower()
    for facts in project.facts:
        first = facts.name.partition(".")[0]
        if facts.role == "lib" and app.owns(facts.path) and first.lower() == plain:
            return first
    return "".join(word.capitalize() for word in app.name.split("_"))


def create(project: Project, app: App, entry: str) -> tuple[Change, ...] | Declined:
    """An Application module that starts `entry`, and `mod:` in mix.exs."""
    root = namespace(project, app)
    name = f"{root}.Application"
    folder = "/".join(p for p in (app.path, app.elixirc_paths[0], app.name) if p)
    path = f"{folder}/application.ex"
    if name in project.modules or path in project.files:
        return Declined(
            f"`{name}` exists, but mix.exs does not start it: someone left it out on purpose"
        )
    mod = _mod_entry(project, app, f"mod: {{{name}, []}}")
    if isinstance(mod, Declined):
        return mod
    code = _MODULE.format(name=name, root=root, entry=entry)
    if b"\r\n" in project.files[mod.path]:
        code = code.replace("\n", "\r\n")
    return (*apply(project.files, [mod]), Change(path=path, before="", after=code))


def _mod_entry(project: Project, app: App, entry: str) -> Edit | Declined:
    path = app.mix_file
    source = project.source(path)
    module = next((m for m in modules_of(source) if m.use("Mix.Project")), None)
    function = module.functions.get(("application", 0)) if module is not None else None
    if function is None or len(function.clauses) != 1:
        return Declined(f"`application/0` of {path} is not a single literal list")
    statements = function.clauses[0].statements()
    listing = statements[-1] if statements else None
    if listing is None or listing.type != "list":
        return Declined(f"`application/0` of {path} is not a single literal list")
    data, start, end = source.data, listing.start_byte, listing.end_byte
    pairs = [
        p
        for c in listing.named_children
        for p in (c.named_children if c.type == "keywords" else [c])
    ]
    pairs = [p for p in pairs if p.type != "comment"]
    gap = indentation(data, start)
    if pairs and b"\n" in data[start:end]:
        return Edit(path, pairs[-1].end_byte, pairs[-1].end_byte, f",\n{gap}  {entry}")
    codes = [*(nodes.text(p) for p in pairs), entry]
    flat = f"[{', '.join(codes)}]"
    if column(data, start) + len(flat) + trailing(data, end) <= line_length(project, path):
        return Edit(path, start, end, flat)
    listed = ",\n".join(f"{gap}  {code}" for code in codes)
    return Edit(path, start, end, f"[\n{listed}\n{gap}]")
