"""Code of the application that is there for its tests."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import DEFINITIONS, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.test_branches import (
    only_a_sandbox,
    only_adds,
    only_hooks,
    only_routes,
    only_shows_attributes,
    reads_dictionary,
    sets_compiler,
    takes_an_override,
)
from bot.elixir.rules.parts.test_tools import TOOLS, tools_called

_ENVIRONMENT_KEYS = frozenset({":env", ":environment", ":mix_env", ":build_env"})
_READS = frozenset(
    {"Application.get_env", "Application.fetch_env!", "Application.compile_env",
     "Application.compile_env!"}
)  # fmt: skip
_COMPARES = ("==", "!=", "===", "!==", "in", "not in")
_WORDS = (b":test", *(f"{tool}.".encode() for tool in TOOLS))


def starts(project: Project) -> list[str]:
    """Files that name the test environment, or a tool of tests."""
    return project.lib_holding(*_WORDS)


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every choice by the test environment, and every call of a test tool, outside of tests."""
    for module in project.modules_in(path):
        if not _is_for_tests(module):
            yield from _choices(module)
            yield from tools_called(module, project)


def _is_for_tests(module: Module) -> bool:
    """Whether it is a module for tests, a Mix task, or part of Elixir itself."""
    brought = [u.name for u in module.uses] + [i.module for i in module.scope.imports]
    brings = any(name.split(".")[0] in TOOLS for name in brought)
    words = module.name.split(".")
    return (
        brings
        or is_test_support(module)
        or is_platform(module)
        or words[0] == "Mix"
        or words[-1].startswith("Test")
        or words[-1].endswith(("Test", "Case", "Mock", "Stub", "Assertions"))
    )


def _choices(module: Module) -> Iterator[Site | Exempt]:
    root, inner = module.source.root, [(m.node.start_byte, m.node.end_byte) for m in module.nested]
    for at in module.source.places(b":test"):
        if not module.node.start_byte <= at < module.node.end_byte:
            continue
        if any(start <= at < end for start, end in inner):
            continue
        atom = root.descendant_for_byte_range(at, at + len(":test"))
        asked = _asked(atom, module) if atom is not None and text(atom) == ":test" else None
        if atom is not None and asked is not None:
            yield _choice(atom, asked, module)


def _asked(atom: Node, module: Module) -> Node | None:
    """What is compared with `:test` here, where it is the environment."""
    above = atom.parent
    if above is None:
        return None
    if nodes.operator(above) in _COMPARES:
        sides = (above.child_by_field_name("left"), above.child_by_field_name("right"))
        other = next((s for s in sides if s is not None and s.id != atom.id), None)
        return other if other is not None and _is_environment(other, module) else None
    case = next((a for a in nodes.ancestors(atom) if a.type == "call"), None)
    stab = above.parent if above.type == "arguments" else None
    if case is None or stab is None or not nodes.is_call_to(case, "case"):
        return None
    first = next(iter(nodes.arguments(case)), None)
    inside = stab.type == "stab_clause" and first is not None
    return first if inside and first is not None and _is_environment(first, module) else None


def _is_environment(node: Node, module: Module) -> bool:
    """Whether it is `Mix.env()` at compile time, or a setting that holds it."""
    value = module.value(node)
    call = resolve(value, module) if value.type == "call" else None
    if call is None:
        return False
    if call.full == "Mix.env":
        # Asked inside a function it is another rule's: a release has no Mix to ask.
        return value.id != node.id or _definition(node) is None
    return call.full in _READS and len(call.args) > 1 and text(call.args[1]) in _ENVIRONMENT_KEYS


def _definition(node: Node) -> Node | None:
    return next((a for a in nodes.ancestors(node) if nodes.is_call_to(a, *DEFINITIONS)), None)


def _choice(atom: Node, asked: Node, module: Module) -> Site | Exempt:
    span = Span.of(module, atom.parent if atom.parent is not None else atom)
    branch = next((a for a in nodes.ancestors(atom) if nodes.is_call_to(a, "if", "unless")), None)
    exemption = _exemption(branch, atom, module) if branch is not None else ""
    if exemption:
        return Exempt(span, exemption)
    adds = branch is not None and only_adds(branch, atom)
    if branch is not None and adds:
        compiled = _definition(branch) is None
        message = f"code is {'compiled in' if compiled else 'run'} for tests only"
        note = f"where this is not `:test`, the code is not {'there' if compiled else 'run'}"
    elif branch is not None and only_hooks(branch, atom):
        message = "there is a hook for tests here"
        note = "where this is not `:test`, nothing is done: the function is there for tests"
    else:
        message = "this asks whether the code is being tested"
        note = "by the answer, tests can go another way here than what ships"
    because = (Because(Span.of(module, asked), note),)
    return Site(span, message, because=because, confidence="low" if adds else None)


def _exemption(branch: Node, atom: Node, module: Module) -> str:
    """Why what a branch holds is no other way than what ships; empty where it may be one."""
    if only_a_sandbox(branch):
        return "sandbox"
    if sets_compiler(branch):
        return "compiler-option"
    if only_hooks(branch, atom) and reads_dictionary(branch, module):
        return "per-process"
    if takes_an_override(branch, atom, module):
        return "per-process"
    if only_adds(branch, atom) and only_routes(branch):
        return "routes"
    return "shown" if only_adds(branch, atom) and only_shows_attributes(branch) else ""


RULE = Rule(
    id="test-code-in-lib",
    title="Code for tests in the application",
    category="tests",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A module of the application does something else when it is compiled or run for tests "
        "(`if Mix.env() == :test`, a setting that holds the environment), or calls a tool of "
        "tests such as ExUnit or Mox."
    ),
    harm=(
        "The tests then run code that does not ship. What ships instead may be run by no test, so "
        "that a fault in it shows in production only. A function that only tests call stays in the "
        "interface."
    ),
    remedy=(
        "Choose by an option or a setting that names the behaviour (`clean_interval: :never`), "
        "and set it in `config/test.exs`. Put helpers of tests into `test/support`."
    ),
    triggers=_WORDS,
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Stock do
  if Mix.env() == :test do
    def limit, do: 3
  else
    def limit, do: 1_000
  end
end
"""),
        Sample("""\
defmodule Shop.Mail do
  @env Mix.env()
  @client (case Mix.env() do
             :test -> Shop.MailMock
             _ -> Shop.Smtp
           end)

  def send(mail), do: if(@env != :test, do: @client.send(mail))
end
"""),
        Sample("""\
defmodule Shop.Numbers do
  def next, do: ExUnit.configuration()[:seed] + 1
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Stock do
  @limit Application.compile_env(:shop, :limit, 1_000)
  def limit, do: @limit

  if Mix.env() == :dev do
    def dashboard, do: :on
  end

  def kind(:test), do: :trial
  def trial?(order), do: order.kind == :test
end
"""),
        Sample("""\
defmodule Shop.Testing do
  import ExUnit.Assertions
  def assert_sold(item), do: assert(Shop.sold?(item))
end
"""),
    ),
    exemptions=(
        Exemption(
            "looks-first",
            "it looks first whether the tool is there",
            Sample("""\
defmodule Shop.Numbers do
  def next do
    if Code.ensure_loaded?(ExUnit), do: ExUnit.configuration()[:seed], else: 0
  end
end
"""),
        ),
        Exemption(
            "sandbox",
            "it only plugs in the SQL sandbox, by which browser tests share a connection",
            Sample("""\
defmodule ShopWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :shop

  if Mix.env() == :test do
    plug Phoenix.Ecto.SQL.Sandbox
  end
end
"""),
        ),
        Exemption(
            "runs-tests",
            "running tests is what the module is for",
            Sample("""\
defmodule Shop.Doctor do
  def check do
    ExUnit.start(autorun: false)
  end
end
"""),
        ),
        Exemption(
            "own-tool",
            "the project is the tool, or has a module of its own by that name",
            Sample(
                files={
                    "lib/mimic.ex": """\
defmodule Mimic do
  def take(name), do: Mimic.Shelf.take(name)
end
""",
                    "lib/mimic/shelf.ex": """\
defmodule Mimic.Shelf do
  def take(name), do: {:taken, name}
end
""",
                }
            ),
        ),
        Exemption(
            "gives-cases",
            "a package that gives others a case for their tests, or calls what works in the "
            "process of a test alone: it is there in tests only, or this is for them",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "1.0.0", package: [licenses: ["MIT"]]]
end
""",
                    "lib/shop/till_case.ex": """\
defmodule Shop.TillCase do
  use ExUnit.CaseTemplate
end
""",
                    "lib/shop/till.ex": """\
defmodule Shop.Till do
  def leave(till), do: ExUnit.Callbacks.on_exit(fn -> Shop.close(till) end)
end
""",
                }
            ),
        ),
        Exemption(
            "compiler-option",
            "it only sets options of the compiler, such as `:export_all`, what it warns of, or "
            "documentation; what ships has all functions",
            Sample("""\
defmodule Shop.Stock do
  if Mix.env() == :test do
    @compile :export_all
  end

  def count, do: length(shelves())
  defp shelves, do: []
end
"""),
        ),
        Exemption(
            "per-process",
            "tests that run side by side give a setting to their own processes by it, or with an "
            "argument, instead of changing it for all; what ships has no such setting",
            Sample("""\
defmodule Shop.Setting do
  def limit, do: own(:limit) || 1_000

  if Mix.env() == :test do
    defp own(key), do: Process.get({__MODULE__, key})
  else
    defp own(_key), do: nil
  end
end
"""),
        ),
        Exemption(
            "routes",
            "it adds scopes to a router, as those for development are added: the routes that ship "
            "are the same in tests",
            Sample("""\
defmodule ShopWeb.Router do
  use Phoenix.Router

  if Mix.env() == :test do
    scope "/_test", ShopWeb do
      get "/raise", TestController, :raise
    end
  end
end
"""),
        ),
        Exemption(
            "shown",
            "it only shows tests what an attribute of the module holds: nothing that ships differs",
            Sample("""\
defmodule Shop.Places do
  @places %{north: 1, south: 2}
  def place(name), do: @places[name]

  if Mix.env() == :test do
    def places, do: @places
  end
end
"""),
        ),
    ),
)
