# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.core.ports import Workspace
from bot.errors import ConfigError, Refused
from bot.pipeline.data.code_graph import counterparts, reached
from bot.pipeline.results import RunResult
from bot.pipeline.services import Services
from tests.codebase.support import settings_in
from tests.fakes.workspace import MemoryWorkspace
from tests.pipeline.support import Tree, run, steps

FILES = {
    "mix.exs": """
    defmodule Shop.MixProject do
      use Mix.Project
      def project, do: [app: :shop, version: "1.0", elixir: "~> 1.14", deps: deps()]
      def application, do: [mod: {Shop.Application, []}]
      defp deps, do: [{:ecto, "~> 3.0"}, {:credo, "~> 1.7", only: [:dev]}]
    end
    """,
    "config/config.exs": "import Config\n",
    "README.md": "# Shop\n",
    "lib/shop/application.ex": """
    defmodule Shop.Application do
      use Application
      alias Shop.Cart
      def start(_type, _args), do: Supervisor.start_link([Cart], strategy: :one_for_one)
    end
    """,
    "lib/shop/cart.ex": """
    defmodule Shop.Cart do
      @moduledoc "The cart."
      use GenServer
      alias Shop.Store
      @doc "Starts it."
      def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
      def init(arg), do: {:ok, Store.load(arg)}
      def handle_call(:all, _from, state), do: {:reply, state, state}
      @doc false
      def hidden(x), do: helper(x)
      defp helper(x), do: x
    end
    """,
    "lib/shop/store.ex": """
    defmodule Shop.Store do
      @doc "Loads."
      def load(arg), do: Shop.Format.line(arg)
      defmodule Error do
        defexception [:message]
      end
    end
    """,
    "lib/shop/format.ex": """
    defmodule Shop.Format do
      def line(x), do: inspect(x)
      defmacro twice(x), do: x
    end
    """,
    "test/shop/cart_test.exs": """
    defmodule Shop.CartTest do
      use ExUnit.Case
      test "starts" do
        assert {:ok, _} = Shop.Cart.start_link([])
      end
    end
    """,
    "test/shop/store_flow_test.exs": """
    defmodule Shop.StoreFlowTest do
      use ExUnit.Case
      test "loads", do: assert Shop.Store.load(1)
    end
    """,
    "test/test_helper.exs": "ExUnit.start()\n",
    "priv/data.json": "{}" * 100,
}


def shop() -> MemoryWorkspace:
    return MemoryWorkspace.of({path: dedent(text) for path, text in FILES.items()})


def ask(query: str, *, workspace: Workspace | None = None, **inputs: Any) -> RunResult:
    loaded = steps(f"- {{name: q, type: codebase_query, queries: {{a: {{{query}}}}}}}")
    services = Tree(changed={"lib/x.ex": "x"}).services()
    made = Services(codebase=workspace or shop(), git=services.git)
    return run(loaded, inputs, services=made)


def answer(query: str, **inputs: Any) -> Any:
    result = ask(query, **inputs)
    assert result.error is None, result.error
    return result.steps["q"].data["a"]


CART, STORE, FORMAT, APP = (f"lib/shop/{n}.ex" for n in ("cart", "store", "format", "application"))
CART_TEST, FLOW_TEST = "test/shop/cart_test.exs", "test/shop/store_flow_test.exs"


@pytest.mark.parametrize(
    ("criteria", "files"),
    [
        ("[{type: source}, {pattern: 'lib/**/*.ex'}, {exclude_tests: true}]", [APP, CART, FORMAT, STORE]),
        ("{type: source, exclude_tests: true}", ["config/config.exs", APP, CART, FORMAT, STORE, "mix.exs"]),
        ("{type: main}", [APP, CART, FORMAT, STORE, "mix.exs"]),
        ("{type: test}", [CART_TEST, FLOW_TEST, "test/test_helper.exs"]),
        ("{type: config}", ["config/config.exs", "mix.exs"]),
        ("{}", sorted(FILES)),
        ("{type: all, language: elixir, contains: shop/c}", [CART, CART_TEST]),
        ("{extension: json}", ["priv/data.json"]),
        ("{extension: .md}", ["README.md"]),
        ("{pattern: '**/*.{json,md}', min_size: 100}", ["priv/data.json"]),
        ("{pattern: '**/*.{json,md}', size_max: 100}", ["README.md"]),
        ("{pattern: 'lib/**/*.ex', exclude_patterns: ['**/f*.ex', '**/a*.ex']}", [CART, STORE]),
        ("[{related_to: lib/shop/store.ex}, {type: test}]", [FLOW_TEST]),
        ("{related_to: lib/shop/cart.ex, type: test}", [CART_TEST]),
        ("{related_to: test/shop/cart_test.exs, type: main}", [CART]),
        ("{related_to: '{{ file }}', type: test}", [CART_TEST]),
        ("{pattern: 'nope/*'}", []),
    ],
)  # fmt: skip
def test_files_are_found(criteria: str, files: list[str]) -> None:
    found = answer(f"find_files: {criteria}", file=CART)
    assert found == {"files": files, "count": len(files)}


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ("[{in_file: lib/shop/cart.ex}, {public_only: true}, {with_annotation: '@doc'}]", ["start_link/1"]),
        ("{in_file: lib/shop/cart.ex, public_only: true}", ["start_link/1", "init/1", "handle_call/3", "hidden/1"]),
        ("{in_file: lib/shop/cart.ex, kind: defp}", ["helper/1"]),
        ("{in_file: lib/shop/format.ex, kind: defmacro, type: function}", ["twice/1"]),
        ("{in_files: 'lib/**/*.ex', name: load}", ["load/1"]),
        ("{in_files: [lib/shop/store.ex, 'lib/shop/f*.ex'], arity: 1}", ["line/1", "twice/1", "load/1"]),
        ("{module: Shop.Cart, pattern: '^ha'}", ["handle_call/3"]),
        ("{pattern: '(a+)+$', exclude_tests: true}", []),
    ],
)  # fmt: skip
def test_functions_are_found(criteria: str, names: list[str]) -> None:
    found = answer(f"find_functions: {criteria}")
    assert [f"{f['name']}/{f['arity']}" for f in found["functions"]] == names
    assert found["count"] == len(names)


def test_a_function_says_where_it_stands() -> None:
    (found,) = answer("find_functions: {name: load}")["functions"]
    assert found == {
        "module": "Shop.Store", "path": STORE, "name": "load", "arity": 1, "kind": "def", "line": 4, "documented": True,
    }  # fmt: skip


def test_modules_are_found_by_behaviour_and_name() -> None:
    (server,) = answer("find_modules: {with_behaviour: GenServer}")["modules"]
    assert (server["name"], server["path"], server["functions"]) == ("Shop.Cart", CART, 5)
    found = answer("find_modules: [{in_files: 'lib/**'}, {pattern: 'Store'}]")
    assert [m["name"] for m in found["modules"]] == ["Shop.Store", "Shop.Store.Error"]
    assert answer("find_modules: {exclude_tests: true, pattern: Test}")["count"] == 0


def test_dependencies_of_a_file() -> None:
    near = answer("find_dependencies: [{for_file: lib/shop/cart.ex}, {include_transitive: false}]")
    assert (near["direct"], near["transitive"]) == ([STORE], [])
    assert near["external"] == ["GenServer"]
    far = answer("find_dependencies: {for_file: lib/shop/application.ex, include_transitive: true}")
    assert (far["direct"], far["transitive"]) == ([CART], [FORMAT, STORE])
    two = answer(
        "find_dependencies: {for_file: lib/shop/application.ex, include_transitive: true, max_depth: 2}"
    )
    assert two["transitive"] == [STORE]


def test_dependents_of_a_file() -> None:
    found = answer("find_dependents: [{of_file: lib/shop/store.ex}, {include_tests: true}]")
    assert (found["direct"], found["transitive"], found["tests"]) == (
        [CART, FLOW_TEST],
        [],
        [FLOW_TEST],
    )
    alone = answer("find_dependents: {of_file: lib/shop/store.ex, include_tests: false}")
    assert (alone["direct"], alone["tests"]) == ([CART], [])
    far = answer(
        "find_dependents: {of_file: lib/shop/format.ex, include_transitive: true, group_by_directory: true}"
    )
    assert far["direct"] == [STORE]
    assert far["transitive"] == [APP, CART, "mix.exs", CART_TEST, FLOW_TEST]
    assert far["by_directory"] == {
        "lib/shop": [STORE, APP, CART],
        "": ["mix.exs"],
        "test/shop": [CART_TEST, FLOW_TEST],
    }


def test_related_files_and_how_they_are_related() -> None:
    found = answer("find_related: {file: lib/shop/cart.ex}")
    assert found["related"] == [
        {"file": CART_TEST, "relation": "test"},
        {"file": APP, "relation": "dependent"},
        {"file": STORE, "relation": "dependency"},
        {"file": FORMAT, "relation": "directory"},
    ]
    some = answer(
        "find_related: {file: lib/shop/cart.ex, types: [test, directory], max_results: 1}"
    )
    assert [r["file"] for r in some["related"]] == [CART_TEST]


def test_the_impact_of_a_change() -> None:
    found = answer("analyze_impact: {file: lib/shop/store.ex}")
    assert found["directly_affected"] == [CART]
    assert found["potentially_affected"] == [APP, "mix.exs"]
    assert found["test_files"] == [CART_TEST, FLOW_TEST]
    assert found["impact_score"] == 3 + 2 + 2 * 2
    assert (
        answer("analyze_impact: {file: lib/shop/store.ex, include_tests: false}")["test_files"]
        == []
    )


def test_the_project_its_dependencies_and_what_changed() -> None:
    found = answer("get_project_type: true, get_dependencies: true, get_git_status: true")
    assert (found["project_type"], found["umbrella"]) == ("elixir", False)
    assert found["apps"] == [
        {"name": "shop", "path": "", "elixir": "~> 1.14", "callback": "Shop.Application"}
    ]
    assert found["dependencies"] == [
        {"name": "ecto", "requirement": "~> 3.0", "only": [], "declared_in": ["mix.exs"]},
        {"name": "credo", "requirement": "~> 1.7", "only": ["dev"], "declared_in": ["mix.exs"]},
    ]
    assert found["dependencies_complete"] is True
    assert found["git_status"] == {"files": ["lib/x.ex"], "clean": False}
    other = ask("get_project_type: true", workspace=MemoryWorkspace.of({"setup.py": "x"}))
    assert other.steps["q"].data["a"]["project_type"] == "unknown"


def test_the_context_of_the_code_base() -> None:
    loaded = steps("- {name: q, type: codebase_query, codebase_context: true}")
    result = run(loaded, services=Services(codebase=shop()))
    found = result.steps["q"].data["codebase"]
    assert (found["project_type"], found["files"], found["modules"]) == ("elixir", 11, 8)
    assert (found["source_files"], found["test_files"]) == (9, 3)


def test_answers_can_be_used_by_later_steps() -> None:
    text = """
    - {name: q, type: codebase_query, queries: {servers: {find_modules: {with_behaviour: GenServer}}}}
    - {name: s, type: set_variable, variables: {p: "{{ map(steps.q.servers.modules, 'path') }}"}}
    """
    result = run(steps(text), services=Services(codebase=shop()))
    assert result.steps["s"].data == {"p": [CART]}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "find_functions: {in_file: lib/nope.ex}",
            "step 'q', query 'a': no such file: 'lib/nope.ex'",
        ),
        ("find_dependencies: {for_file: README.md}", "'README.md' is no Elixir file"),
        ("find_dependents: {of_file: ../x.ex}", "not a path inside the work tree"),
        ("find_functions: {in_files: 'web/**'}", "no file matches 'web/**'"),
        ("find_functions: {pattern: '{{ bad }}'}", "bad pattern '('"),
        ("find_files: {pattern: '{{ number }}'}", "pattern: Input should be a valid string, got 3"),
    ],
)
def test_a_query_that_cannot_be_answered_fails_the_step(query: str, message: str) -> None:
    result = ask(query, bad="(", number=3)
    assert message in str(result.error)
    assert result.steps["q"].data is None


def test_git_is_asked_for_only_where_it_is_needed() -> None:
    loaded = steps("- {name: q, type: codebase_query, queries: {a: {get_git_status: true}}}")
    assert "step 'q' needs git" in str(run(loaded, services=Services(codebase=shop())).error)
    assert "step 'q' needs a code base" in str(run(loaded).error)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{find_files: {typ: test}}", "unknown key; did you mean 'type'?"),
        ("{find_files: [{type: test}, {typ: x}]}", "unknown key; did you mean 'type'?"),
        ("{find_files: [{type: test}, {type: main}]}", "'find_files' gives 'type' twice"),
        ("{find_files: []}", "'find_files' is an empty list"),
        ("{find_files: {type: python}}", "type"),
        ("{find_files: {language: python}}", "language"),
        ("{find_files: {modified_since: '2024-01-01'}}", "not supported here: a checkout does not know when"),
        ("{find_functions: {with_decorator: '@app.route'}}", "Elixir has no decorators"),
        ("{find_functions: {pattern: '('}}", "bad pattern '('"),
        ("{find_functions: {pattern: '(?=a)'}}", "look-ahead"),
        ("{find_classes: {in_files: '*.py'}}", "only Elixir is understood"),
        ("{find_circular_dependencies: []}", "xref graph --format cycles"),
        ("{get_recent_commits: 10}", "the history is not part of a code base"),
        ("{find_dependencies: {include_transitive: true}}", "'find_dependencies' needs 'for_file'"),
        ("{find_files: {}, find_modules: {}}", "a query asks one thing"),
        ("{find_files: {}, get_project_type: true}", "a query asks one thing"),
        ("{get_project_type: false}", "True"),
        ("{}", "a query asks one thing"),
        ("{find_files: {related_to: '{{ steps.later.x }}'}}", "there is no step 'later'"),
    ],
)  # fmt: skip
def test_mistakes_are_found_when_the_pipeline_is_read(query: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        steps(f"- {{name: q, type: codebase_query, queries: {{a: {query}}}}}")
    assert message in str(error.value)


def test_a_step_asks_something_and_no_query_hides_the_context() -> None:
    for body in ("queries: {}", "queries: {codebase: {find_files: {}}}"):
        with pytest.raises(ConfigError, match=r"must not be empty|cannot be called 'codebase'"):
            steps(f"- {{name: q, type: codebase_query, {body}}}")


def test_a_real_tree_gives_the_same_answers(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / "work" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / path).write_text(dedent(text))
    base = Codebase(WorkFiles(tmp_path / "work"), settings=settings_in(tmp_path))
    for query in (
        "find_files: {type: main}", "find_functions: {public_only: true}", "find_modules: {}",
        "analyze_impact: {file: lib/shop/store.ex}", "get_project_type: true, get_dependencies: true",
    ):  # fmt: skip
        assert ask(query, workspace=base).steps["q"].data == ask(query).steps["q"].data


_EDGES = st.dictionaries(st.sampled_from("abcde"), st.frozensets(st.sampled_from("abcde")))


@given(_EDGES, st.sampled_from("abcde"))
def test_what_is_reached_is_closed_and_grows_with_depth(edges: Any, start: str) -> None:
    everything = reached(edges, start)
    assert start not in everything
    assert all(o in (*everything, start) for p in (*everything, start) for o in edges.get(p, ()))
    near = reached(edges, start, depth=1)
    assert set(near) == edges.get(start, frozenset()) - {start}
    assert set(near) <= set(reached(edges, start, depth=2)) <= set(everything)


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("lib/a/b.ex", "test/a/b_test.exs"),
        ("apps/x/test/b_test.exs", "apps/x/lib/b.ex"),
        ("mix.exs", None),
        ("lib/a.ex", None),
    ],
)
def test_tests_stand_opposite_their_sources(path: str, other: str | None) -> None:
    files = ["test/a/b_test.exs", "apps/x/lib/b.ex", "lib/a/b.ex"]
    assert counterparts(path, files) == ([other] if other else [])


def test_a_scan_of_a_missing_code_base_names_the_step() -> None:
    result = run(steps("- {name: q, type: codebase_query, codebase_context: true}"))
    assert isinstance(result.error, Refused)
