"""Configuration read while the module compiles, and fixed from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.place import deferred
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.module_body import (
    SWITCHES,
    chooses_a_build,
    is_elsewhere,
    only_an_adapter,
    only_refuses,
)
from bot.elixir.source import falls_in

_APPLICATION = frozenset(
    f"Application.{name}" for name in ("get_env", "fetch_env", "fetch_env!", "get_all_env")
)
_SYSTEM = frozenset(f"System.{name}" for name in ("get_env", "fetch_env", "fetch_env!"))
_WORDS = (b"get_env", b"fetch_env", b"get_all_env")
_BUILD = re.compile(r"SHA|COMMIT|VERSION|BUILD|REVISION|RELEASE|COMPIL|PRECOMPILED|GIT_")
_COMPILES_AGAIN = re.compile(
    r"\bre-?compil|\bcompiled? again\b|\bdeps\.(?:clean|compile)\b|\bcompile --force\b", re.I
)
"""What tells a reader that a change asks for a compilation."""
_OF_THE_BUILD = re.compile(r"\b(?:at|during) (?:compile[- ]time|compilation)\b", re.I)
"""The same, beside the read."""
_TWO = 2
"""Arguments of a read that names one setting."""
_TYPES = frozenset({"spec", "type", "typep", "opaque", "callback", "macrocallback"})
"""Attributes in which names are names of types."""
_AT_ONCE = ("for", "=", "|>", "plug", *SWITCHES)
"""What the module body runs as it stands; other macros may move their arguments anywhere."""

_KEEPS_OPTIONS = ("Tesla", "Tesla.Builder")
"""Their `plug` puts its options into a function, which each request runs."""


def starts(project: Project) -> list[str]:
    """Files that read the environment."""
    return project.lib_holding(*_WORDS)


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every read of the environment in an attribute or a statement of a module body."""
    for module in project.modules_in(path):
        yield from _in_module(module, project)


def _in_module(module: Module, project: Project) -> Iterator[Site | Exempt]:
    places = module.source.places(*_WORDS)
    for node in module.body.named_children if module.body is not None else ():
        if not falls_in(places, node.start_byte, node.end_byte) or is_elsewhere(node):
            continue
        for call in calls_in(node, module):
            if call.full in _APPLICATION | _SYSTEM and call.args and _runs_now(call, node):
                yield _judge(call, node, project)


def _runs_now(call: Call, statement: Node) -> bool:
    """Whether compiling the module evaluates the call; a function value only holds it."""
    if call.captured or call.in_quote or deferred(call.node, call.owner):
        return False
    for around in nodes.ancestors(call.node):
        if is_elsewhere(around) or around.type == "anonymous_function":
            return False
        if around.id == statement.id:
            break
    if nodes.operator(statement) == "@":
        return _attribute(statement) not in _TYPES
    if nodes.is_call_to(statement, "plug") and any(map(call.owner.use, _KEEPS_OPTIONS)):
        return False
    return nodes.operator(statement) in _AT_ONCE or nodes.is_call_to(statement, *_AT_ONCE)


def _judge(call: Call, statement: Node, project: Project) -> Site | Exempt:
    module, name = call.owner, _attribute(statement)
    span = Span.of(module, call.node)
    if module.name.startswith("Mix.") or module.implements("Mix.Task"):
        return Exempt(span, "mix-task")
    if is_test_support(module):
        return Exempt(span, "test-support")
    if _is_default(call, statement):
        return Exempt(span, "stated-default")
    of_the_build = call.full in _SYSTEM and _meant_for_the_build(call, statement)
    if of_the_build or only_an_adapter(name, module):
        return Exempt(span, "build-value")
    if only_refuses(statement, module):
        return Exempt(span, "refuses-a-build")
    if call.full in _APPLICATION and chooses_a_build(statement):
        return _choice(call, span)
    stated = _is_stated(statement, module)
    what = "the attribute keeps" if name else "the module is compiled with"
    return Site(
        span,
        f"`{call.full}` is read when `{module.name}` is compiled"
        + (f", into `@{name}`" if name else ""),
        because=(
            Because(
                span,
                f"{what} the value of the build: what `config/runtime.exs` or the environment "
                "says at start does not change it",
            ),
        ),
        severity="info" if stated or (name and _is_swapped(call, name, project)) else None,
        confidence="high" if name else "medium",
        data={"call": call.full, "attribute": name},
    )


def _is_default(call: Call, statement: Node) -> bool:
    """Whether it stands in the arguments of `Application.compile_env`, as what holds without it."""
    around = (a for a in nodes.ancestors(call.node) if nodes.contains(statement, a))
    return any(nodes.is_call_to(a, "Application.compile_env") for a in around)


def _is_stated(statement: Node, module: Module) -> bool:
    """Whether the module's documentation, or a comment above, says that a change asks for a
    compilation.
    """
    document = module.attributes.get("moduledoc")
    comments = []
    above = statement.prev_named_sibling
    while above is not None and above.type == "comment":
        comments.append(text(above))
        above = above.prev_named_sibling
    said = " ".join([*comments, text(document) if document is not None else ""])
    again = _COMPILES_AGAIN.search(said) is not None
    return again or _OF_THE_BUILD.search(" ".join(comments)) is not None


def _is_swapped(call: Call, name: str, project: Project) -> bool:
    """Whether the attribute is a module that is only called, and that tests put another one for."""
    if call.full not in _APPLICATION or call.arity < _TWO:
        return False
    others = re.compile(rf"@{name}\b(?!\s*\.\w)".encode())
    key = text(call.args[1]).removeprefix(":").encode()
    named = re.compile(rb":%b\b|\b%b:" % (re.escape(key), re.escape(key)))
    config = project.texts.holding(key, among=project.of_role("config"))
    return len(others.findall(call.owner.node.text or b"")) == 1 and any(
        path.endswith("/test.exs") and project.texts[path].matches(named) for path in config
    )


def _choice(call: Call, span: Span) -> Site:
    note = (
        "what it chooses only compilation can: `Application.compile_env` reads it there, too, and "
        "the application refuses to boot with another value"
    )
    return Site(
        span,
        f"`{call.full}` chooses what `{call.owner.name}` is compiled with",
        because=(Because(span, note),),
        severity="info",
        confidence="medium",
        data={"call": call.full, "attribute": ""},
    )


def _attribute(statement: Node) -> str:
    operand = statement.child_by_field_name("operand")
    if nodes.operator(statement) != "@" or operand is None:
        return ""
    return nodes.text_of(operand, "target")


def _meant_for_the_build(call: Call, statement: Node) -> bool:
    """A stamp of the build by its name, or a switch around definitions."""
    return _BUILD.search(text(call.args[0])) is not None or nodes.is_call_to(statement, *SWITCHES)


RULE = Rule(
    id="compile-time-env",
    title="Configuration fixed at compile time",
    category="configuration",
    stage=3,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "`Application.get_env/3` or `System.get_env/2` stands in the body of a module, mostly in "
        "an attribute, and so runs once, while the module compiles."
    ),
    harm=(
        "A release keeps the value of the machine that built it. Setting the variable or the "
        "configuration where it runs does not change that, and nothing says so. Elixir warns of "
        "`Application.get_env/3` there, and not of `System.get_env/2`."
    ),
    remedy=(
        "Read it in a function, where it is used or when the process starts; environment "
        "variables belong in `config/runtime.exs`. If it has to be known at compile time, "
        "`Application.compile_env/3` says so, and refuses to boot with another value."
    ),
    triggers=_WORDS,
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Rates do
  @url Application.get_env(:shop, :rates_url)
  def url, do: @url
end
"""),
        Sample("""\
defmodule Shop.Pool do
  @timeout System.get_env("POOL_TIMEOUT", "10000") |> String.to_integer()
  def timeout, do: @timeout
end
"""),
        Sample("""\
defmodule Shop.Router do
  if Application.get_env(:shop, :dashboard) do
    def dashboard, do: :shown
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Rates do
  @url Application.compile_env(:shop, :rates_url)
  def url, do: @url
  def key, do: Application.fetch_env!(:shop, :rates_key)
end
"""),
        Sample("""\
defmodule Shop.Courier do
  use Tesla
  plug Tesla.Middleware.BaseUrl, Application.get_env(:shop, :courier_url)
end
"""),
        Sample("""\
defmodule Shop.Lazy do
  @doc "Reads `Application.get_env(:shop, :mode)`."
  @reader &Application.get_env/2
  def read(key), do: @reader.(:shop, key)
end
"""),
        Sample("""\
defmodule Shop.Template do
  defmacro __using__(_) do
    quote do
      @mode Application.get_env(:shop, :mode)
    end
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "refuses-a-build",
            "under a condition the build ends with an error; nothing compiled keeps a value",
            Sample("""\
defmodule Shop.Application do
  use Application

  if Application.get_all_env(:shop_old) != [] do
    raise "rename :shop_old to :shop in the configuration"
  end

  def start(_, _), do: Supervisor.start_link([], strategy: :one_for_one)
end
"""),
        ),
        Exemption(
            "build-value",
            "a stamp of the build, a switch between two builds, or the adapter that a `use` "
            "builds on: compile time is the right time",
            Sample("""\
defmodule Shop.Version do
  @commit System.get_env("GIT_SHA")
  def commit, do: @commit
end
"""),
        ),
        Exemption(
            "stated-default",
            "it is the default of `Application.compile_env`, which says when it is read, and by "
            "which the configuration goes before it",
            Sample("""\
defmodule Shop.Rates do
  @legacy Application.compile_env(:shop, :legacy, System.get_env("SHOP_LEGACY") == "1")
  def legacy?, do: @legacy
end
"""),
        ),
        Exemption(
            "mix-task",
            "a Mix task runs where it is compiled",
            Sample("""\
defmodule Mix.Tasks.Shop.Load do
  use Mix.Task
  @url Application.get_env(:shop, :url)
  def run(_), do: Mix.shell().info(@url)
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests runs where it is compiled",
            Sample("""\
defmodule Shop.ConnCase do
  @url Application.get_env(:shop, :url)
  def url, do: @url
end
"""),
        ),
    ),
)
