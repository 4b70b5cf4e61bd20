"""The skeleton shows what a change is planned with, and nothing of what stands between."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.tokens import estimate
from bot.elixir.analyze import survey
from bot.elixir.skeleton import skeleton
from bot.elixir.tree import MemoryTree
from bot.elixir.workers import POOL_FROM_BYTES

MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, elixir: "~> 1.15", deps: deps()]
  def application, do: [mod: {Shop.Application, []}]
  defp deps, do: [{:jason, "~> 1.4"}, {:credo, "~> 1.7", only: :dev}]
end
"""
APPLICATION = """\
defmodule Shop.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      Shop.Cache,
      {Task.Supervisor, name: Shop.Tasks},
      {DynamicSupervisor, name: Shop.Carts},
      {Shop.Once, restart: :transient}
    ]

    Supervisor.start_link(children, strategy: :rest_for_one)
  end
end
"""
CACHE = '''\
defmodule Shop.Cache do
  @moduledoc """
  Keeps prices. The rest of the text is not shown.
  """
  use GenServer, restart: :transient
  @behaviour Shop.Store

  defstruct [:table, limit: 10]

  @type key :: String.t()

  @doc "A long explanation."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts)

  @spec get(GenServer.server(), key()) :: {:ok, term()} | :error
  def get(server \\\\ __MODULE__, key), do: GenServer.call(server, {:get, key})

  def init(_opts), do: {:ok, %{table: :ets.new(:prices, [:set]), hits: 0}}

  def handle_call({:get, key}, _from, state), do: {:reply, lookup(state, key), state}
  def handle_call(:stop, _from, state), do: {:stop, :normal, state}

  def handle_info({:DOWN, _ref, :process, _pid, _reason}, state) do
    Shop.Carts.drop(state)
    {:noreply, state}
  end

  @impl Shop.Store
  def put(_key, _value), do: "a secret body"

  defp lookup(state, key), do: {state, key}
end
'''
CARTS = """\
defmodule Shop.Carts do
  def open(id) do
    DynamicSupervisor.start_child(__MODULE__, {Shop.Cart, id})
  end

  def drop(:all), do: :ok
  def drop(cart), do: cart
end
"""
TEST = '''\
defmodule Shop.CacheTest do
  use ExUnit.Case
  @sample """
  defmodule NotAModule do
    test "no test" do
  """

  test "gets" do
    assert Shop.Cache.get(:a) == :error
  end

  describe "more" do
    test "with a context", %{a: a} do
      assert a
    end
  end
end
'''
SHOP = {
    "mix.exs": MIX,
    "lib/shop/application.ex": APPLICATION,
    "lib/shop/cache.ex": CACHE,
    "lib/shop/carts.ex": CARTS,
    "config/config.exs": "config :shop, Shop.Cache, secret: 1\nconfig :logger, a: 1\n",
    "test/shop/cache_test.exs": TEST,
}


def shown(files: Mapping[str, str | bytes], *, max_tokens: int | None = None) -> str:
    return skeleton(MemoryTree.of(files), max_tokens=max_tokens)


def of_file(code: str | bytes, path: str = "lib/a.ex") -> list[str]:
    """The lines of one file."""
    text = dedent(code) if isinstance(code, str) else code
    _, _, body = shown({path: text}).partition("## Files\n")
    return body.splitlines()


def of_module(body: str) -> list[str]:
    """What is said of a module with this body, without its title."""
    return of_file(f"defmodule A do\n{body}\nend\n")[2:]


def test_a_whole_application() -> None:
    text = shown(SHOP)
    body = text[text.index("## Applications") :]
    assert (
        body
        == """\
## Applications
application shop in mix.exs; elixir ~> 1.15; starts Shop.Application; deps jason; \
only for some environments credo

## Supervision
shop:
 Shop.Application [rest_for_one]
  Shop.Cache transient
  Shop.Tasks (Task.Supervisor)
  Shop.Carts (DynamicSupervisor)
  Shop.Once transient
at run time:
 Shop.Carts gets Shop.Cart from Shop.Carts

## Files
# lib/shop/application.ex
Shop.Application
 use Application
 impl start/2
 names .Cache .Carts
# lib/shop/cache.ex
Shop.Cache (1 private): Keeps prices
 use GenServer, restart: :transient
 behaviour Shop.Store
 struct table, limit
 state %{table, hits}
 table :prices, [:set]
 type key :: String.t()
 start_link(opts) :: GenServer.on_start()
 get(server \\\\ __MODULE__, key) :: {:ok, term()} | :error
 impl init/1, put/2
 call {:get, key}, :stop
 info {:DOWN, _ref, :process, _pid, _reason}
 names .Carts
# lib/shop/carts.ex
Shop.Carts
 open(id)
 drop(cart)
# config/config.exs :shop Shop.Cache, :logger
# test/shop/cache_test.exs Shop.CacheTest 2 tests
"""
    )


def test_bodies_docs_and_values_of_configuration_stay_out() -> None:
    text = shown(SHOP)
    for hidden in ("secret", "A long explanation", "The rest of the text", "no test", "lookup"):
        assert hidden not in text


def test_an_edit_of_a_body_changes_nothing() -> None:
    edited = CACHE.replace('"a secret body"', '"a longer\n\n body"').replace("hits: 0", "hits: 1")
    assert shown({**SHOP, "lib/shop/cache.ex": edited}) == shown(SHOP)


def test_a_new_function_changes_its_line_alone() -> None:
    edited = CARTS.replace("  def drop(:all)", "  def list, do: []\n\n  def drop(:all)")
    before, after = shown(SHOP).splitlines(), shown({**SHOP, "lib/shop/carts.ex": edited})
    assert [line for line in after.splitlines() if line not in before] == [" list()"]


def test_the_order_of_the_tree_does_not_matter() -> None:
    assert shown(dict(reversed(SHOP.items()))) == shown(SHOP)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f(:a, x), do: x\ndef f(kind, {y, z}), do: {kind, y, z}", " f(kind, x)"),
        ("def f(_a, b), do: b\ndef f(_, b), do: b", " f(a, b)"),
        ("def f(nil, 0), do: 1\ndef f(a, b), do: {a, b}", " f(a, b)"),
        ("def f(nil, 0), do: 1\ndef f(true, b), do: b", " f(nil | …, b)"),
        ("def f(%User{} = user), do: user\ndef f(nil), do: nil", " f(user)"),
        ("def f(%User{} = user), do: user", " f(%User{} = user)"),
        ('def f("a"), do: 1\ndef f("b"), do: 2', ' f("a" | …)'),
        ("def f(a, b \\\\ 1)\ndef f(a, 2), do: a\ndef f(a, b), do: b", " f(a, b \\\\ 1)"),
        ("def f(x) when is_atom(x), do: x", " f(x)"),
        ("def f, do: 1", " f()"),
        ("defmacro m(x), do: x", " macro m(x)"),
        ("defguard g(x) when x > 1", " guard g(x)"),
        ("alias B.C\ndefdelegate f(x), to: C", " f(x) to B.C"),
        ("@spec f(a) :: b when a: atom(), b: term()\ndef f(x), do: x", " f(x) :: b"),
        ("@spec f(1) :: :a\n@spec f(2) :: :b\ndef f(x), do: x", " f(x) :: :a | :b"),
    ],
)
def test_one_line_for_a_function_whatever_its_clauses(body: str, expected: str) -> None:
    assert expected in of_module(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("defstruct a: 1, b: nil", " struct a, b"),
        ("defstruct [:a, b: 1]", " struct a, b"),
        ("defexception [:message]", " exception message"),
        ("defstruct @fields", " struct"),
        (
            'schema "users" do\nfield :name, :string\nbelongs_to :team, Team\ntimestamps()\nend',
            ' schema "users": name, belongs_to team, timestamps',
        ),
        ("require Record\nRecord.defrecord(:id, type: nil, user: nil)", " record id, type, user"),
        ("@callback run(term()) :: :ok", " callback run(term()) :: :ok"),
        ("@macrocallback go(x) :: y", " callback go(x) :: y"),
        ("@type t :: %{\n  # why\n  a: atom()\n}", " type t :: %{a: atom()}"),
        ("@table :a\ndef f, do: :ets.new(@table, [:public])", " table :a, [:public]"),
        ("use GenServer\ndef init(x) do\n{:ok, %State{x: x}}\nend", " state %State{x}"),
        ("use GenServer\ndef init(x) do\ns = %{x: x}\n{:ok, s, 5}\nend", " state %{x}"),
        ('def handle_event("save", _, s), do: s', ' event "save"'),
        (
            "@behaviour :gen_statem\ndef handle_event({:call, from}, :get, state, data), do: 1",
            " event {:call, from} :get",
        ),
        ("use B, a: 1\nuse C", " use B, a: 1; C"),
    ],
)
def test_the_shape_of_data_and_messages(body: str, expected: str) -> None:
    assert expected in of_module(body)


@pytest.mark.parametrize(
    ("doc", "purpose"),
    [
        ('"""\n  Sends mail.\n\n  More.\n  """', ": Sends mail"),
        ('"Sends mail"', ": Sends mail"),
        ('~S"""\n  Sends a#{b} by S.M.T.P.\n  """', ": Sends a#{b} by S.M.T.P"),
        ('"""\n  Sends\n  mail\n\n  More.\n  """', ": Sends mail"),
        ("false", ""),
        ('""', ""),
    ],
)
def test_the_purpose_is_the_first_sentence_of_the_moduledoc(doc: str, purpose: str) -> None:
    assert of_file(f"defmodule A do\n  @moduledoc {doc}\nend\n")[1] == f"A{purpose}"


def test_protocols_and_implementations_are_named_as_such() -> None:
    lines = of_file("defprotocol P do\n def size(x)\nend\ndefimpl P, for: Map do\nend\n")
    assert lines[1:] == ["protocol P", " size(x)", "impl P.Map"]


def test_processes_and_one_process_agree() -> None:
    files = {f"lib/m{n}.ex": CACHE + "# " + "x" * 60_000 for n in range(12)}
    assert sum(map(len, files.values())) > POOL_FROM_BYTES
    small = dict.fromkeys(files, CACHE)
    assert shown(files) == shown(small)


def test_findings_stand_at_the_end_and_trees_come_from_the_analysis() -> None:
    spawning = "defmodule Shop.Mail do\n  def send(x), do: spawn(fn -> x end)\nend\n"
    tree = MemoryTree.of({**SHOP, "lib/shop/mail.ex": spawning})
    analysis = survey(tree, jobs=1).analysis
    text = skeleton(tree, analysis=analysis)
    last = text.splitlines()[-1]
    assert last.startswith("warning unsupervised-spawn lib/shop/mail.ex:2 ")
    assert text.startswith(skeleton(tree).rstrip("\n"))


CUTS = (
    "test files",
    "modules each module names",
    "messages and the shape of states",
    "types and return types",
    "sizes and counts of private functions",
    "function heads of modules without behaviours or findings",
    "all other function heads",
    "everything but their names of files without processes or findings",
    "everything of the other files but their names",
)


def test_details_go_step_by_step_until_the_text_fits() -> None:
    files = {
        path.replace("shop", f"shop{n}"): code.replace("Shop.", f"Shop{n}.")
        for n in range(12)
        for path, code in SHOP.items()
    }
    whole = shown(files)
    left_out = []
    for budget in range(estimate(whole), 400, -150):
        text = shown(files, max_tokens=budget)
        assert estimate(text) <= budget
        assert set(text.splitlines()[6:]) <= set(text.splitlines())
        noted = [line for line in text.splitlines() if line.startswith("Left out")]
        left_out.append(tuple(cut for cut in CUTS if noted and cut in noted[0]))
    assert left_out[0] == ()
    assert left_out[-1] == CUTS
    assert left_out == sorted(left_out, key=len)
    assert all(CUTS[: len(cuts)] == cuts for cuts in left_out)


def test_what_does_not_fit_even_as_names_ends_with_a_whole_line() -> None:
    files = {f"lib/folder_{n}/a.ex": "defmodule A do\nend\n" for n in range(500)}
    text = shown(files, max_tokens=1_000)
    assert 700 < estimate(text) <= 1_000
    *kept, last = text.splitlines()
    assert last.endswith("more lines left out")
    names = [line for line in kept if line.startswith("# ")]
    assert len(names) > 50
    assert all(re.fullmatch(r"# lib/folder_\d+/ a\.ex", line) for line in names)


@pytest.mark.parametrize("budget", [0, 1, 20])
def test_no_room_at_all_still_says_what_is_missing(budget: int) -> None:
    assert shown(SHOP, max_tokens=budget).splitlines()[-1].endswith("more lines left out")


def test_a_large_enough_budget_changes_nothing() -> None:
    assert shown(SHOP, max_tokens=10_000) == shown(SHOP)


def test_a_process_outlives_plain_modules_in_a_small_budget() -> None:
    plain = {
        f"lib/plain/module_{n}.ex": f"defmodule Shop.Plain{n} do\n  def f(x), do: x\nend\n"
        for n in range(150)
    }
    text = shown({**SHOP, **plain}, max_tokens=1_500)
    assert "\n use GenServer, restart: :transient\n" in text
    assert "Shop.Plain1\n" not in text
    assert "module_1.ex" in text


def test_files_that_cannot_be_read_are_named() -> None:
    text = shown(
        {
            "lib/latin.ex": b"defmodule A do\n # \xe9\nend\n",
            "lib/broken.ex": "defmodule B do\n  def f(x, do: 1\n  def g(y), do: y\nend\n",
            "lib/deep.ex": f"defmodule C do\n  @a {'[' * 3_000}{']' * 3_000}\nend\n",
        }
    )
    assert "# lib/latin.ex (not UTF-8 at byte 18; not analysed)" in text
    assert "# lib/broken.ex (does not parse near line 1)\nB\n" in text
    assert "# lib/deep.ex C (nested too deeply)" in text


HOSTILE = "</data>\x1b[2J\x07\u202e\u2066\U000e0041"


@pytest.mark.parametrize(
    "code",
    [
        f'defmodule A do\n  @moduledoc "{HOSTILE} x"\nend\n',
        f'defmodule A do\n  def f("{HOSTILE}"), do: 1\nend\n',
        f'defmodule A do\n  use B, x: "{HOSTILE}"\nend\n',
        f'defmodule A do\n  @type t :: "{HOSTILE}"\nend\n',
        f'defmodule A do\n  defstruct "{HOSTILE}": 1\nend\n',
        f'defmodule A do\n  def handle_info("{HOSTILE}", s), do: s\nend\n',
        f'defmodule A do\n  def f, do: :ets.new(:"{HOSTILE}", ["{HOSTILE}"])\nend\n',
        f'defmodule A do\n  schema "{HOSTILE}" do\n  field :"{HOSTILE}"\n  end\nend\n',
    ],
)
@pytest.mark.parametrize("path", ["lib/a.ex", "lib/</data>\n\x1b[2J.ex", "test/\u202e_test.exs"])
def test_hostile_text_stays_one_visible_line_inside_its_section(code: str, path: str) -> None:
    text = shown({path: code})
    assert "</" not in text
    assert text.replace("\n", "").isprintable()
    assert len(text.splitlines()) < 25


@pytest.mark.parametrize(
    "code",
    [
        'defmodule A do\n  def f("' + "x" * 500_000 + '"), do: 1\nend\n',
        "defmodule A do\n  defstruct [" + ":abc, " * 50_000 + ":d]\nend\n",
        "defmodule A do\n" + "".join(f"  def f{n}(x), do: x\n" for n in range(5_000)) + "end\n",
        "".join(f"defmodule A{n} do\nend\n" for n in range(5_000)),
        "defmodule A do\n  use B, [" + "a: 1, " * 50_000 + "b: 2]\nend\n",
        "defmodule A do\n" + "  use B\n" * 10_000 + "end\n",
    ],
    ids="literal struct functions modules options uses".split(),
)
def test_an_enormous_file_takes_little_room(code: str) -> None:
    text = shown({"lib/a.ex": code})
    assert len(text) < 20_000
    assert max(map(len, text.splitlines())) < 2_000


@settings(max_examples=60)
@given(st.data())
def test_any_piece_of_any_code_is_shown_without_an_exception(data: st.DataObject) -> None:
    whole = "\n".join(SHOP.values()).encode()
    start = data.draw(st.integers(0, len(whole) - 1))
    cut = whole[start : start + data.draw(st.integers(1, 2_000))]
    cut += data.draw(st.sampled_from([b"", b"end", b"do", b"(", b"\\", b'"', b".()", b"\x00"]))
    paths = ("lib/a.ex", "test/a_test.exs", "mix.exs", "config/config.exs", "priv/a.exs")
    text = shown(dict.fromkeys(paths, cut))
    assert text.endswith("\n")
    assert "</" not in text
