"""Mix at run time: only what runs then, and what a mix.exs says of releases."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "mix-env-at-run-time"
TREE = {
    "lib/tree.ex": "defmodule Shop.Tree do\n  use Supervisor\n"
    "  def init(_), do: Supervisor.init([Shop.Desk, Shop.B], strategy: :one_for_one)\nend\n"
}
SERVER = {
    **TREE,
    "lib/desk.ex": "defmodule Shop.Desk do\n  use GenServer\n  def init(s), do: {:ok, s}\n"
    "  def handle_cast(x, s), do: {:noreply, [Shop.A.go(x) | s]}\nend\n",
}
"""A supervised server whose callback comes to what `in_function` makes."""


def mix_file(project: str = "app: :shop", application: str = "", more: str = "") -> dict[str, str]:
    return {
        "mix.exs": "defmodule Shop.MixProject do\n  use Mix.Project\n"
        f"  def project, do: [{project}]\n  def application, do: [{application}]\n  {more}\nend\n"
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Mix.env()", ["warning"]),
        ("if Mix.env() == :prod, do: x", ["warning"]),
        ("Enum.map(x, fn _ -> Mix.target() end)", ["warning"]),
        ("Mix.Project.config()[:version]", ["warning"]),
        ("unquote(Mix.env() == :dev)", ["~compile-time"]),
        ("quote do: Mix.env()", []),
        ("Shop.Mix.env()", []),
        ("IO.puts(x)", []),
        ("# Mix.env()\n    x", []),
        ('"Mix.env()"', []),
        ("Code.ensure_loaded?(Mix) and Mix.env() == :dev", ["~looks-first"]),
        ("Code.ensure_loaded?(Shop) and Mix.env() == :dev", ["warning"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, {**in_function(body), **SERVER}) == said


@pytest.mark.parametrize(
    "around",
    [
        "defmodule Mix.Tasks.A do\n  def run(_), do: Mix.env()\nend\n",
        "defmodule Shop.A do\n  @env Mix.env()\n  def env, do: @env\nend\n",
        "defmodule Shop.A do\n  if Mix.env() == :dev do\n    def dev, do: 1\n  end\nend\n",
        "defmodule Shop.A do\n  def main(_), do: Mix.env()\nend\n",
        "Mix.env(",
    ],
)
def test_left_alone(around: str) -> None:
    assert outcome(RULE, {"lib/a.ex": around}) == []


def test_private_function_that_only_a_macro_calls() -> None:
    code = """\
defmodule Shop.A do
  defmacro debug(x), do: if(dev?(), do: x)
  defp dev?, do: Mix.env() == :dev
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~compile-time"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("", ["~compile-time"]),
        ("defmodule Shop.B do\n  def start, do: Shop.Names.all()\nend\n", ["~unseen"]),
        (
            "defmodule Shop.B do\n  defmacro __using__(_), do: quote(do: Shop.Names.all())\nend\n",
            ["~unseen"],
        ),
    ],
    ids=["macros-alone", "a-function-too", "in-the-quote"],
)
def test_what_macros_of_another_module_come_to(other: str, said: list[str]) -> None:
    code = """\
defmodule Shop.Names do
  def all, do: Mix.env()
end

defmodule Shop.A do
  defmacro names, do: compiled()
  def compiled, do: Shop.Names.all()
end
"""
    called = code.replace("  def compiled", "  defp compiled")
    assert outcome(RULE, {"lib/a.ex": called + other}) == said
    assert outcome(RULE, {"lib/a.ex": code}) == ["~compile-time"]


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("extra_applications: [:logger, :mix]", ["info"]),
        ("extra_applications: [:logger]", ["warning"]),
        ("dialyzer: [plt_add_apps: [:mix]]", ["warning"]),
        ("xref: [exclude: [:mix]]", ["warning"]),
        ("releases: [shop: [applications: [mix: :load]]]", ["info"]),
        ("releases: [shop: [applications: [shop: :load]]]", ["warning"]),
    ],
)
def test_shipped_mix_answers_instead_of_raising(listed: str, said: list[str]) -> None:
    files = {**in_function("Mix.env()"), **SERVER, **mix_file(application=listed)}
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("asked", "listed", "said"),
    [
        ("Mix.env() == :test", "[:mix]", ["~only-test"]),
        ("is_nil(x) and :test != Mix.env()", "[:mix]", ["~only-test"]),
        ("Mix.env() == :test", "[:logger]", ["warning"]),
        ("Mix.env() == :prod", "[:mix]", ["info"]),
        ("Mix.env() in [:dev, :test]", "[:mix]", ["info"]),
        ("Mix.target() == :test", "[:mix]", ["info"]),
    ],
)
def test_shipped_mix_that_is_only_asked_for_tests(asked: str, listed: str, said: list[str]) -> None:
    listing = mix_file(application=f"extra_applications: {listed}")
    assert outcome(RULE, {**in_function(asked), **SERVER, **listing}) == said


@pytest.mark.parametrize(
    ("asked", "deps", "said"),
    [
        ("~> 1.3.2", "[]", ["info"]),
        ("~> 1.3", "[]", ["warning"]),
        ("~> 1.9.0", "[]", ["warning"]),
        ("~> 1.3.2", "[{:distillery, []}]", ["warning"]),
    ],
)
def test_an_elixir_that_makes_no_releases(asked: str, deps: str, said: list[str]) -> None:
    mix = mix_file(f'app: :shop, elixir: "{asked}", deps: {deps}')
    assert outcome(RULE, {**in_function("Mix.env()"), **SERVER, **mix}) == said


def test_condition_of_the_module_looks_first() -> None:
    code = """\
defmodule Shop.A do
  if Code.ensure_loaded?(Mix.Project) do
    def path, do: Mix.Project.build_path()
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~looks-first"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Mix.target(:host)", []),
        ("Mix.env(x)", []),
        ("x |> Mix.env()", []),
        ("{Mix.env(), Mix.target()}", ["warning"]),
        ("{Mix.env(),\n     Mix.target()}", ["warning"]),
        ("[env: Mix.env(), of: Mix.Project.config()[:app]]", ["warning"]),
        ("a = Mix.env()\n    {a, Mix.target()}", ["warning", "warning"]),
    ],
)
def test_what_asks(body: str, said: list[str]) -> None:
    assert outcome(RULE, {**in_function(body), **SERVER}) == said


@pytest.mark.parametrize(
    ("path", "start", "said"),
    [
        ("lib/boot.ex", "def main, do: Mix.start()", ["~starts-mix"]),
        ("apps/boot/lib/boot.ex", "def main, do: Mix.start()", ["~starts-mix"]),
        ("lib/boot.ex", "def main, do: Application.ensure_all_started(:mix)", ["~unseen"]),
        ("lib/boot.ex", "def main, do: {:ok, _} = Application.start(:ecto)", ["~unseen"]),
        ("lib/boot.ex", "def main, do: :ok = Application.start(:mix)", ["~starts-mix"]),
        (
            "lib/boot.ex",
            "def main, do: with({:ok, _} <- Application.ensure_all_started(:mix), do: :ok)",
            ["~starts-mix"],
        ),
        ("lib/boot.ex", "# Mix.start()\n  def main, do: :ok", ["~unseen"]),
        ("lib/boot.ex", "def main, do: quote(do: Mix.start())", ["~unseen"]),
        ("lib/boot.ex", "def main, do: Mix.start(:x)", ["~unseen"]),
        ("test/boot_test.exs", "def main, do: Mix.start()", ["~unseen"]),
    ],
)
def test_a_program_that_starts_mix(path: str, start: str, said: list[str]) -> None:
    files = {path: f"defmodule Shop.Boot do\n  {start}\nend\n", **in_function("Mix.env()")}
    assert outcome(RULE, files) == said


TASK = "defmodule Mix.Tasks.Shop.Load do\n  use Mix.Task\n  def run(_), do: Shop.A.go(1)\nend\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ["~tool"]),
        ({"lib/b.ex": "defmodule Shop.B do\n  def go, do: Shop.A.go(1)\nend\n"}, ["~unseen"]),
        ({"config/runtime.exs": "import Config\nShop.A.go(1)\n"}, ["~unseen"]),
        ({"config/config.exs": "import Config\nShop.A.go(1)\n"}, ["~tool"]),
        (
            {"config/runtime.exs": "if config_env() in [:dev, :test] do\n  Shop.A.go(1)\nend\n"},
            ["~tool"],
        ),
        (
            {"config/runtime.exs": "if config_env() in [:dev, :prod] do\n  Shop.A.go(1)\nend\n"},
            ["~unseen"],
        ),
        (
            {"config/runtime.exs": "unless config_env() == :prod do\n  Shop.A.go(1)\nend\n"},
            ["~tool"],
        ),
        (
            {"lib/shop/release.ex": "defmodule Shop.Release do\n"
             "  def go, do: Application.load(:shop) && Shop.A.go(1)\nend\n"},
            ["warning"],
        ),
    ],
)  # fmt: skip
def test_what_only_mix_tasks_come_to(files: dict[str, str], said: list[str]) -> None:
    task = {"lib/mix/tasks/load.ex": TASK}
    assert outcome(RULE, {**in_function("Mix.env()"), **task, **files}) == said


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("lib/b.ex", "def go, do: Mix.RemoteConverger.register(Shop.B)", ["~plug-in"]),
        ("lib/b.ex", "@behaviour Mix.SCM\n  def fetchable?, do: true", ["~plug-in"]),
        ("lib/b.ex", "def go, do: Mix.SCM.available()", ["~unseen"]),
        ("lib/b.ex", "# Mix.SCM.append(Shop.B)", ["~unseen"]),
        ("lib/b.ex", "def go, do: quote(do: Mix.SCM.append(Shop.B))", ["~unseen"]),
        ("test/b_test.exs", "def go, do: Mix.SCM.append(Shop.B)", ["~unseen"]),
    ],
)
def test_an_application_that_plugs_into_mix(path: str, body: str, said: list[str]) -> None:
    files = {path: f"defmodule Shop.B do\n  {body}\nend\n", **in_function("Mix.env()")}
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("condition", "dependency", "said"),
    [
        ("Code.ensure_loaded?(ExDoc.Markdown)", '{:ex_doc, "~> 0.3", only: :dev}', ["~build-only"]),
        ("Code.ensure_loaded?(Tea)", "{:tea, [], only: [:dev, :test]}", ["~build-only"]),
        ("Code.ensure_loaded?(Tea)", "{:tea, [], only: [:dev, :prod]}", ["~unseen"]),
        ("Code.ensure_loaded?(Tea)", "{:tea, []}", ["~unseen"]),
        ("Code.ensure_loaded?(Milk)", "{:tea, [], only: :dev}", ["~unseen"]),
        ("not Code.ensure_loaded?(Tea)", "{:tea, [], only: :dev}", ["~unseen"]),
        ("x() or Code.ensure_loaded?(Tea)", "{:tea, [], only: :dev}", ["~unseen"]),
    ],
)
def test_a_module_of_a_tool(condition: str, dependency: str, said: list[str]) -> None:
    mix = mix_file(f"app: :shop, deps: [{dependency}]")
    code = f"if {condition} do\n{in_function('Mix.env()')['lib/a.ex']}end\n"
    assert outcome(RULE, {"lib/a.ex": code, **mix}) == said


@pytest.mark.parametrize(
    ("task", "user", "said"),
    [
        ("Compile.Shop", "", ["~tool"]),
        ("Compile.Shop", "@behaviour Shop.Made", ["~tool"]),
        ("Compile.Shop", "@behaviour Plug", ["~unseen"]),
        ("Compile.Shop", "use Shop.Web, :controller", ["~unseen"]),
        ("Compile.Shop", "use GenServer\n  def handle_info(_, s), do: go(s)", ["~unseen"]),
        ("Shop", "", ["~unseen"]),
    ],
)
def test_what_a_compiler_comes_to(task: str, user: str, said: list[str]) -> None:
    files = {
        "lib/task.ex": f"defmodule Mix.Tasks.{task} do\n  use Mix.Task\n"
        "  def run(_), do: Shop.A.go(1)\nend\n",
        "lib/b.ex": f"defmodule Shop.B do\n  {user}\n  def go(x), do: Shop.A.go(x)\nend\n",
        **in_function("Mix.env()"),
    }
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("doc", "caller", "said"),
    [
        ("false", "Mix.Tasks.Shop.Load", ["~tool"]),
        ('"Folders."', "Mix.Tasks.Shop.Load", ["~unseen"]),
        ("false", "Shop.Desk", ["~unseen"]),
    ],
)
def test_what_nobody_calls_in_a_helper_of_mix_tasks(doc: str, caller: str, said: list[str]) -> None:
    files = {
        "lib/a.ex": f"defmodule Shop.A do\n  @moduledoc {doc}\n  def load, do: :ok\n"
        "  def folder, do: Mix.Project.build_path()\nend\n",
        "lib/b.ex": f"defmodule {caller} do\n  def run(_), do: Shop.A.load()\nend\n",
    }
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("comes", "said"),
    [
        ("use GenServer\n  def handle_info(x, s), do: Shop.A.go({x, s})", ["warning"]),
        ("use GenServer\n  def ask(x), do: Shop.A.go(x)", ["~unseen"]),
        ("use Application\n  def start(_, x), do: Shop.A.go(x)", ["warning"]),
        ("@behaviour Plug\n  def call(conn, _), do: Shop.A.go(conn)", ["warning"]),
        ("@behaviour Plug\n  def init(x), do: Shop.A.go(x)", ["~unseen"]),
        ("use Oban.Worker\n  def perform(job), do: Shop.A.go(job)", ["warning"]),
        ("use Phoenix.Controller\n  def show(conn, _), do: Shop.A.go(conn)", ["warning"]),
        ("use Phoenix.LiveView\n  def mount(_, _, s), do: Shop.A.go(s)", ["warning"]),
        ("def show(x), do: Shop.A.go(x)", ["~unseen"]),
        ("def main(x), do: Shop.A.go(x)", ["~unseen"]),
    ],
)
def test_told_where_something_that_runs_in_a_release_comes_to_it(
    comes: str, said: list[str]
) -> None:
    files = {"lib/b.ex": f"defmodule Shop.B do\n  {comes}\nend\n", **in_function("Mix.env()")}
    assert outcome(RULE, {**files, **(TREE if "GenServer" in comes else {})}) == said


def test_a_server_that_only_a_tool_starts_is_not_the_applications() -> None:
    files = {path: code for path, code in SERVER.items() if path not in TREE}
    assert outcome(RULE, {**in_function("Mix.env()"), **files}) == ["~unseen"]


@pytest.mark.parametrize(
    ("project", "application", "said"),
    [
        ("releases: [shop: []]", "mod: {Shop.App, []}", ["warning"]),
        ("releases: releases()", "mod: {Shop.App, []}", ["warning"]),
        ("aliases: [releases: []]", "extra_applications: [:logger]", ["~unseen"]),
        ("releases: [shop: []]", "extra_applications: [:logger]", ["~unseen"]),
        ("deps: []", "mod: {Shop.App, []}", ["~unseen"]),
    ],
)
def test_an_application_of_which_releases_are_made(
    project: str, application: str, said: list[str]
) -> None:
    mix = mix_file(f"app: :shop, {project}", application)
    assert outcome(RULE, {**in_function("Mix.env()"), **mix}) == said


@pytest.mark.parametrize(
    ("listed", "function", "said"),
    [
        ("extra_applications: started()", "defp started, do: [:logger, :mix]", ["info"]),
        ("extra_applications: started()", "defp started do\n    [:logger, :mix]\n  end", ["info"]),
        ("extra_applications: started()", "defp checked, do: [:logger, :mix]", ["warning"]),
        ("extra_applications: started()", "defp started, do: [:logger]", ["warning"]),
    ],
)
def test_a_function_may_give_the_applications(listed: str, function: str, said: list[str]) -> None:
    mix = mix_file(application=listed, more=function)
    assert outcome(RULE, {**in_function("Mix.env()"), **SERVER, **mix}) == said
