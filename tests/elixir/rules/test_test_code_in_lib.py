"""Code for tests in the application: choices by environment, calls of test tools."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome

RULE = "test-code-in-lib"


def said(body: str, name: str = "Shop.A", path: str = "lib/a.ex") -> list[str]:
    return outcome(RULE, {path: f"defmodule {name} do\n  {body}\nend\n"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("if Mix.env() == :test do\ndef a, do: 1\nend", ["info"]),
        ("unless :test == Mix.env() do\ndef a, do: 1\nend", ["info"]),
        ("if Mix.env() != :test, do: def(a, do: 1)", ["info"]),
        ("case Mix.env() do\n:test -> def a, do: 1\n_ -> def a, do: 2\nend", ["info"]),
        ("@wait if Mix.env() == :test, do: 1, else: 9", ["info"]),
        ("@env Mix.env()\ndef a, do: if(@env == :test, do: 1)", ["info"]),
        ("def a, do: Application.get_env(:shop, :env) == :test", ["info"]),
        ("def a, do: ExUnit.configuration()", ["warning"]),
        ("def a, do: Mox.stub(A, :b, fn -> 1 end)", ["warning"]),
        ("if Mix.env() == :test do\nplug Phoenix.Ecto.SQL.Sandbox\nend", ["~sandbox"]),
        ("def a, do: {ExUnit.start(), ExUnit.configuration()}", ["~runs-tests"] * 2),
        (
            "def a do\nApplication.ensure_all_started(:ex_unit)\nExUnit.after_suite(& &1)\nend",
            ["~runs-tests"],
        ),
        (
            "def b, do: Application.ensure_all_started(:ex_unit)\ndef a, do: ExUnit.x()",
            ["~runs-tests"],
        ),
        ("def b, do: Application.ensure_all_started(:shop)\ndef a, do: ExUnit.x()", ["warning"]),
        ("@compile if Mix.env() == :test, do: :export_all", ["~compiler-option"]),
        ("if Mix.env() == :test do\n@compile :export_all\nend", ["~compiler-option"]),
        ("if Mix.env() == :test do\n@compile :export_all\n@a 1\nend", ["info"]),
        ('if Mix.env() != :test do\n@deprecated "use b"\nend', ["~compiler-option"]),
        ("if Mix.env() != :test do\n@doc false\n@a 1\nend", ["info"]),
        ('if Mix.env() == :test do\nscope "/t", A do\nget "/", B, :b\nend\nend', ["~routes"]),
        ('if Mix.env() == :test do\nscope "/t", A do\nend\ndef a, do: 1\nend', ["info"]),
        ('if Mix.env() != :test do\nscope "/t", A do\nend\nend', ["info"]),
        ("if Mix.env() == :test do\ndef a, do: @a\ndef b do\n@b\nend\nend", ["~shown"]),
        ("if Mix.env() == :test do\ndef a, do: @a\ndef b, do: c()\nend", ["info"]),
        ("if Mix.env() == :test do\ndef a, do: @a\nelse\ndef a, do: 1\nend", ["info"]),
        ("if Mix.env() == :dev do\ndef a, do: 1\nend", []),
        ("if Mix.env() in [:dev, :test] do\ndef a, do: 1\nend", []),
        ("def a, do: Mix.env() == :test", []),
        ("def a(x), do: x.kind == :test", []),
        ("def a, do: Application.get_env(:shop, :kind) == :test", []),
        ("def a(x) do\ncase x do\n:test -> 1\nend\nend", []),
        ("def a, do: quote(do: ExUnit.configuration())", []),
        ("# if Mix.env() == :test", []),
        ("use ExUnit.CaseTemplate\ndef a, do: ExUnit.configuration()", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(body) == words


@pytest.mark.parametrize(
    ("tests", "ships", "words"),
    [
        ('x.session["own"] || Shop.limit()', "Shop.limit()", ["~per-process"]),
        ("name = x[:name] || @name\nShop.open(name)", "Shop.open(@name)", ["~per-process"]),
        ('x.session["own"] || Shop.trial()', "Shop.limit()", ["info"]),
        ('x.session["own"] || Shop.limit()', "Shop.limit() + Shop.more()", ["info"]),
        ("Shop.own() || Shop.limit()", "Shop.limit()", ["info"]),
        ("Shop.limit()", "Shop.limit()", ["info"]),
    ],
)
def test_a_value_that_tests_hand_over(tests: str, ships: str, words: list[str]) -> None:
    body = f"if Mix.env() == :test do\ndef a(x) do\n{tests}\nend\nelse\ndef a(_), do: {ships}\nend"
    assert said(body) == words


@pytest.mark.parametrize(
    "name", ["Shop.Testing", "Shop.DataCase", "Mix.Tasks.Shop", "Shop.Mail.Mock"]
)
def test_modules_for_tests(name: str) -> None:
    assert said("def a, do: ExUnit.configuration()", name=name) == []


@pytest.mark.parametrize("path", ["test/support/a.ex", "mix.exs", "config/runtime.exs"])
def test_files_that_are_no_application_code(path: str) -> None:
    assert said("@a if Mix.env() == :test, do: 1", path=path) == []


IF = "if Mix.env() == :test do\ndef a(x), do: Tap.tell(x)"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"{IF}\nend", ("code is compiled in for tests only", "low")),
        ("@env Mix.env()\ndef a, do: if(@env == :test, do: 1)", ("code is run for tests", "low")),
        ("def a, do: Application.get_env(:a, :env) == :test", ("this asks whether", "medium")),
        (f"{IF}\nelse\ndef a(_), do: :ok\nend", ("there is a hook for tests", "medium")),
        (f"{IF}\nelse\ndef a(_) do\nnil\nend\nend", ("there is a hook for tests", "medium")),
        (f"{IF}\nelse\ndef a(x), do: sell(x)\nend", ("this asks whether", "medium")),
        (f"{IF}\nelse\nend", ("this asks whether", "medium")),
    ],
)
def test_says_what_ships_instead(body: str, words: tuple[str, str]) -> None:
    files = {"lib/a.ex": f"defmodule Shop.A do\n  {body}\nend\n"}
    (found,) = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert found.message.startswith(words[0])
    assert found.confidence == words[1]


ALLOW = "Mox.allow(A, pid, self())"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"def a(nil), do: :ok\ndef a(pid), do: {ALLOW}", "info"),
        (f"def a(%{{pid: nil}}), do: :ok\ndef a(%{{pid: pid}}), do: {ALLOW}", "info"),
        (f"def a(x, pid) do\nif pid do\n{ALLOW}\nend\nx\nend", "info"),
        ("def a(s) do\nif s.pid do\nMox.allow(A, s.pid, self())\nend\ns\nend", "info"),
        (f"def a(s) do\nif pid = s.pid do\n{ALLOW}\nend\ns\nend", "info"),
        (f"def a(nil), do: go()\ndef a(pid), do: {ALLOW}", "warning"),
        (f"def a(nil, _), do: :ok\ndef a(_, pid), do: {ALLOW}", "warning"),
        (f"def a(%{{x: nil}}), do: :ok\ndef a(%{{pid: pid}}), do: {ALLOW}", "warning"),
        (f"def a(pid), do: {ALLOW}\ndef a(nil), do: :ok", "warning"),
        (f"def a(x, pid) do\nif x do\n{ALLOW}\nend\nend", "warning"),
        (f"def a(pid) do\nif pid do\n1\nelse\n{ALLOW}\nend\nend", "warning"),
    ],
)
def test_a_tool_that_needs_a_tests_process(body: str, words: str) -> None:
    assert said(body) == [words]


@pytest.mark.parametrize(
    ("test", "ships", "words"),
    [
        ("Process.get(x)", ":error", ["~per-process"]),
        ("Process.get(x)", "sell(x)", ["info"]),
        ("Tap.tell(x)", ":error", ["info"]),
    ],
)
def test_a_setting_of_one_process(test: str, ships: str, words: list[str]) -> None:
    body = f"if Mix.env() == :test do\ndefp a(x), do: {test}\nelse\ndefp a(x), do: {ships}\nend"
    assert said(body) == words


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("{:test_finished, test}", ["~runs-tests"]),
        ("{:suite_started, test}", ["~runs-tests"]),
        ("{:order_finished, test}", ["warning"]),
    ],
)
def test_a_formatter_of_test_runs(event: str, words: list[str]) -> None:
    body = f"""use GenServer
  def init(x), do: {{:ok, x}}
  def handle_cast({event}, s), do: {{:noreply, [told(test) | s]}}
  defp told(test), do: ExUnit.Formatter.format_filters(test, :skip)"""
    assert said(body) == words


CASE = "defmodule Shop.TillCase do\n  use ExUnit.CaseTemplate\nend\n"
LEAVE = "defmodule Shop.Till do\n  def leave(f), do: ExUnit.Callbacks.on_exit(f)\nend\n"


STARTED = "\n  def application, do: [mod: {Shop.Application, []}"
SEE = "defmodule Shop.Till do\n  def see(x), do: ExUnit.Assertions.assert(x)\nend\n"


@pytest.mark.parametrize(
    ("more", "place", "code", "words"),
    [
        ("package: []", "lib/case.ex", LEAVE, ["~gives-cases"]),
        ("package: []", "lib/case.ex", SEE, ["~gives-cases"]),
        ("package: []", "test/support/case.ex", LEAVE, ["~gives-cases"]),
        ("package: []", "test/support/case.ex", SEE, ["warning"]),
        ("deps: []", "lib/case.ex", LEAVE, ["warning"]),
        (f"package: []]{STARTED}", "lib/case.ex", LEAVE, ["~gives-cases"]),
        (f"package: []]{STARTED}", "lib/case.ex", SEE, ["warning"]),
    ],
)
def test_a_package_for_tests(more: str, place: str, code: str, words: list[str]) -> None:
    mix = f"defmodule Shop.Mix do\n  use Mix.Project\n  def project, do: [app: :shop, {more}]\nend"
    assert outcome(RULE, {"mix.exs": mix, place: CASE, "lib/till.ex": code}) == words


@pytest.mark.parametrize(
    ("place", "words"), [("lib/m.ex", ["~own-tool"]), ("test/support/m.ex", ["warning"])]
)
def test_a_module_named_like_a_tool(place: str, words: list[str]) -> None:
    own = "defmodule Bypass.Till do\n  def open, do: 1\nend\n"
    user = "defmodule Shop.A do\n  def go, do: Bypass.Till.open()\nend\n"
    assert outcome(RULE, {place: own, "lib/a.ex": user}) == words
