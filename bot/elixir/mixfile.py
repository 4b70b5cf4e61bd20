"""mix.exs files: applications, umbrellas, source paths. Read as syntax, never evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module, modules_of
from bot.elixir.source import Source, belongs_to_tests

_NO_APPLICATIONS = frozenset({"test", "tests", "fixtures", "priv", "templates", "deps"})
"""Folders whose mix.exs files are data: fixtures of tests, templates of generators."""


@dataclass(frozen=True)
class App:
    """One OTP application of the repository."""

    name: str
    path: str
    """Folder of its mix.exs, empty for the repository's root."""
    callback: str
    """The `mod:` module; empty for a library."""
    package: bool
    """Published to Hex: `package:` or `description:` in the project."""
    elixirc_paths: tuple[str, ...]
    """As written for the default environment; `("lib",)` unless set."""
    umbrella: bool
    """Holds `apps_path`: a folder of applications, no code of its own."""
    requirement: str = ""
    """The `elixir:` requirement."""
    escript: bool = False
    """A program for the command line is made of it."""

    @property
    def mix_file(self) -> str:
        """The path of its mix.exs."""
        return f"{self.path}/mix.exs".removeprefix("/")

    @property
    def only_escript(self) -> bool:
        """Whether nothing but a command runs its code: no application, no library of others."""
        return self.escript and not self.callback and not self.package

    @property
    def deployable(self) -> bool:
        """An application that runs by itself: it has a callback module, or is no package."""
        return bool(self.callback) or not self.package

    def owns(self, path: str) -> bool:
        """Whether a file lies in the application's folder."""
        return not self.path or path.startswith(self.path + "/")


def apps_of(files: Mapping[str, bytes]) -> tuple[App, ...]:
    """Applications by their mix.exs, umbrella roots left in, deepest path first."""
    found = []
    for path, data in files.items():
        *folders, name = path.split("/")
        data_only = _NO_APPLICATIONS & set(folders) or belongs_to_tests(path)
        if name == "mix.exs" and not data_only:
            app = _read(Source(path, data))
            if app is not None:
                found.append(app)
    return tuple(sorted(found, key=lambda a: (-a.path.count("/") - bool(a.path), a.path)))


def app_owning(apps: tuple[App, ...], path: str) -> App | None:
    """The innermost application that owns a file."""
    return next((app for app in apps if app.owns(path) and not app.umbrella), None)


def _read(source: Source) -> App | None:
    module = next((m for m in modules_of(source) if m.use("Mix.Project")), None)
    if module is None:
        return None
    project = _keywords(module, "project", 0)
    application = _keywords(module, "application", 0)
    app = _value(project.get("app"), module)
    mod = application.get("mod")
    callback = ""
    if mod is not None and mod.type == "tuple" and mod.named_children:
        callback = module.scope.resolve(mod.named_children[0])
    folder = source.path.rpartition("/")[0]
    requirement = _value(project.get("elixir"), module)
    return App(
        name=text(app).removeprefix(":")
        if app is not None and app.type == "atom"
        else folder.rpartition("/")[2],
        path=folder,
        callback=callback,
        package="package" in project,
        elixirc_paths=_paths(project.get("elixirc_paths"), module),
        umbrella="apps_path" in project,
        requirement=text(requirement).strip('"')
        if requirement is not None and requirement.type == "string"
        else "",
        escript="escript" in project,
    )


def _value(node: Node | None, module: Module) -> Node | None:
    return module.value(node) if node is not None else None


def _keywords(module: Module, name: str, arity: int) -> dict[str, Node]:
    function = module.functions.get((name, arity))
    last = _last_expression(function) if function is not None else None
    return nodes.keyword_pairs(last) if last is not None else {}


def _last_expression(function: Function) -> Node | None:
    statements = function.clauses[0].statements()
    return statements[-1] if statements else None


def _paths(value: Node | None, module: Module) -> tuple[str, ...]:
    if value is not None and value.type == "call":
        for function in module.named(nodes.text_of(value, "target")):
            for clause in function.clauses:
                if clause.params and text(clause.params[0]).startswith("_"):
                    value = clause.statements()[-1] if clause.statements() else None
    if value is None or value.type != "list":
        return ("lib",)
    return tuple(text(c).strip('"') for c in value.named_children if c.type == "string") or ("lib",)
