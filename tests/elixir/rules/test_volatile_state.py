"""Volatile state: what is kept, whether it is read, and whether it exists elsewhere."""

from __future__ import annotations

import pytest

from bot.elixir.rules.volatile_state import RULE as RULE_OF_IT
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "volatile-state"


def cart(
    name: str = "Shop.Cart", init: str = "%{}", write: str = "Map.put(s, id, item)", **more: str
) -> dict[str, str]:
    client = more.get("client", "def get(id), do: GenServer.call(__MODULE__, {:get, id})")
    return {
        "lib/cart.ex": f"""\
defmodule {name} do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  {client}
  def init(_), do: {{:ok, {init}}}
  def handle_call({{:get, id}}, _from, s), do: {{:reply, s[id], s}}
  def handle_cast({{:put, id, item}}, s), do: {{:noreply, {write}}}
  {more.get("code", "")}
end
"""
    }


def test_data_of_callers_that_callers_read_back() -> None:
    assert outcome(RULE, cart()) == ["warning"]


def test_data_that_nobody_reads_back_is_a_remark() -> None:
    assert outcome(RULE, cart(client="")) == ["info"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{:reply, s.size, s}", ["info"]),
        ("{:reply, id, s}", ["info"]),
        ("{:reply, {id, s.items[id]}, s}", ["warning"]),
        ("{:reply, s.items[id], s}", ["warning"]),
        ("{:reply, Map.get(s, id), s}", ["warning"]),
        ("found(s, id)", ["warning"]),
        ("{:reply, length(s.items), s}", ["info"]),
        ("{:reply, {map_size(s.items), Enum.count(s.items)}, s}", ["info"]),
        ("{:reply, {map_size(s.items), s.items}, s}", ["warning"]),
    ],
)
def test_a_call_that_reads_something_else_reads_nothing_back(answer: str, said: list[str]) -> None:
    files = cart(
        write="%{s | items: Map.put(s.items, id, item)}",
        code="defp found(s, id), do: {:reply, s.items[id], s}",
    )
    code = files["lib/cart.ex"].replace("{:reply, s[id], s}", answer)
    assert outcome(RULE, {"lib/cart.ex": code}) == said


def test_what_a_timer_ends_is_bookkeeping_also_where_the_timer_has_a_name() -> None:
    write = "(ref = Process.send_after(self(), id, 10)\n Map.put(s, id, {item, ref}))"
    assert outcome(RULE, cart(write=write)) == ["~bookkeeping"]


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("Map.update(s, id, [item], &[item | &1])", ["warning"]),
        ("%{s | items: [item | s.items]}", ["warning"]),
        ("put_in(s.items[id], item)", ["warning"]),
        ("tick(id, item) && s + 1", []),
        ("update_in(s.items, fn all -> Map.delete(all, id) end)", []),
        ("update_in(s.items, &Enum.reject(&1, fn x -> x == item end))", []),
        ("%{s | seen: true}", []),
        ("Map.put(s, id, Process.send_after(self(), item, 10))", ["~bookkeeping"]),
        ("Map.put(s, :mode, item)", ["~setting"]),
        ("s |> Map.put(:mode, item)", ["~setting"]),
        ("Map.put(s, :total, s.total + item)", ["warning"]),
    ],
)
def test_writes(write: str, said: list[str]) -> None:
    assert outcome(RULE, cart(write=write)) == said


@pytest.mark.parametrize(
    ("changed", "exemption"),
    [
        ({"name": "Shop.CartCache"}, "~cache"),
        ({"name": "Shop.CartMemo"}, "~cache"),
        ({"name": "Shop.Cart.InMemory"}, "~in-memory"),
        ({"name": "Shop.MemoryStore"}, "~in-memory"),
        ({"code": "def handle_info(:expire, s), do: {:noreply, s}"}, "~cache"),
        ({"code": "defp keep(item), do: Shop.Repo.insert(item)"}, "~persisted"),
        ({"code": "defp table, do: :ets.new(:carts, [])"}, "~table"),
        ({"init": "Shop.Catalogue.all()"}, "~derivable"),
        ({"name": "Shop.Tracker"}, "~bookkeeping"),
        ({"name": "Shop.Fakes.Storage"}, "~bookkeeping"),
        ({"code": "def listeners(id), do: GenServer.call(__MODULE__, {:get, id})"}, "~bookkeeping"),
        ({"code": "def handle_info({:DOWN, _, _, _, _}, s), do: {:noreply, s}"}, "~bookkeeping"),
    ],
)
def test_exemptions(changed: dict[str, str], exemption: str) -> None:
    assert outcome(RULE, cart(**changed)) == [exemption]


@pytest.mark.parametrize("name", ["Shop.Memorial", "Shop.Memories", "Shop.MemoryUse"])
def test_a_part_of_a_word_is_no_word(name: str) -> None:
    assert outcome(RULE, cart(name=name)) == ["warning"]


@pytest.mark.parametrize(
    "words",
    [
        "# a File.read! would be slow; we expire nothing, and there is no ttl",
        '@moduledoc "Not in :ets.new, not written with Repo.insert, and never evicted."',
        'def told, do: "Repo.insert with a ttl"',
    ],
)
def test_words_in_comments_and_texts_say_nothing(words: str) -> None:
    assert outcome(RULE, cart(code=words)) == ["warning"]


def test_server_in_its_name_is_no_excuse() -> None:
    assert outcome(RULE, cart(name="Shop.CartServer")) == ["warning"]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("GenServer.start_link(__MODULE__, [])", ["~of-one-run"]),
        ("GenServer.start_link(__MODULE__, [], timeout: 5)", ["~of-one-run"]),
        ("GenServer.start_link(__MODULE__, [], name: via(x))", ["info"]),
        ("GenServer.start_link(__MODULE__, [], opts)", ["info"]),
        ("GenServer.start_link(__MODULE__, []) |> register()", ["info"]),
    ],
)
def test_without_a_name_it_is_for_one_run(start: str, said: list[str]) -> None:
    named = "GenServer.start_link(__MODULE__, [], name: __MODULE__)"
    files = {path: code.replace(named, start) for path, code in cart().items()}
    assert outcome(RULE, files) == said


def members(head: str, add: str, spec: str = "") -> dict[str, str]:
    return {
        "lib/members.ex": f"""\
defmodule Shop.Members do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{{}} end, name: __MODULE__)
  {spec}
  def add({head}), do: Agent.update(__MODULE__, fn all -> {add} end)
  def all, do: Agent.get(__MODULE__, & &1)
end
"""
    }


@pytest.mark.parametrize(
    ("head", "add", "spec", "said"),
    [
        ("name, mail", "Map.put(all, name, mail)", "", ["warning"]),
        ("name, worker_pid", "Map.put(all, name, worker_pid)", "", ["~bookkeeping"]),
        ("pid, name", "Map.put(all, pid, name)", "", ["~bookkeeping"]),
        ("link, link_pid", "Map.put(all, link.socket, link_pid)", "", ["~bookkeeping"]),
        ("socket", "[socket | all]", "", ["~bookkeeping"]),
        (
            "link, link_pid",
            "update_in(all.links, &Map.put(&1, link.socket, link_pid))",
            "",
            ["~bookkeeping"],
        ),
        (
            "name, who",
            "Map.put(all, name, who)",
            "@spec add(String.t(), who :: pid()) :: :ok",
            ["~bookkeeping"],
        ),
        (
            "name, who",
            "Map.put(all, name, who)",
            "@spec add(atom(), String.t()) :: :ok",
            ["warning"],
        ),
    ],
)
def test_handles_of_processes_are_bookkeeping(
    head: str, add: str, spec: str, said: list[str]
) -> None:
    assert outcome(RULE, members(head, add, spec)) == said


_GONE = """
  def handle_info({:DOWN, ref, _, _, _}, s),
    do: {:noreply, %{s | waiters: List.delete(s.waiters, ref)}}
"""


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("%{s | items: Map.put(s.items, id, item)}", ["warning"]),
        ("%{s | items: [item | s.items]}", ["warning"]),
        ("put_in(s.items[id], item)", ["warning"]),
        ("update_in(s.items, &Map.put(&1, id, item))", ["warning"]),
        ("Map.put(s, :items, item)", ["~setting"]),
        ("Map.put(s, :items, [item | s.items])", ["warning"]),
        ("%{s | waiters: [item | s.waiters]}", ["~bookkeeping"]),
        ("Map.put(s, id, item)", ["~bookkeeping"]),
    ],
)
def test_the_field_that_is_written_counts_not_its_neighbours(write: str, said: list[str]) -> None:
    assert outcome(RULE, cart(write=write, code=_GONE)) == said


@pytest.mark.parametrize("name", ["Shop.StreamStore", "Shop.ConfigStore", "Shop.Config"])
def test_stores_are_no_bookkeeping_by_another_word_in_their_name(name: str) -> None:
    assert outcome(RULE, cart(name=name)) == ["warning"]


FILLER = """\
defmodule Shop.Filler do
  use GenServer
  def init(_), do: {:ok, Enum.each(Shop.Repo.all(), fn {id, x} -> Shop.Cart.put(id, x) end)}
end
"""


@pytest.mark.parametrize(
    ("filler", "said"),
    [
        (FILLER, ["~derivable"]),
        (FILLER.replace("def init(_)", "def handle_info(_, s)"), ["warning"]),
        (FILLER.replace("use GenServer", "def put(x), do: Shop.Cart.put(1, x)"), ["warning"]),
        ("", ["warning"]),
    ],
)
def test_what_another_server_puts_in_as_it_starts(filler: str, said: list[str]) -> None:
    client = (
        "def get(id), do: GenServer.call(__MODULE__, {:get, id})\n"
        "  def put(id, item), do: GenServer.cast(__MODULE__, {:put, id, item})"
    )
    assert outcome(RULE, {**cart(client=client), "lib/filler.ex": filler}) == said
    agent = """\
defmodule Shop.Cart do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def put(id, item), do: keep(id, item)
  defp keep(id, item), do: Agent.update(__MODULE__, &Map.put(&1, id, item))
  def get(id), do: Agent.get(__MODULE__, & &1[id])
end
"""
    assert outcome(RULE, {"lib/cart.ex": agent, "lib/filler.ex": filler}) == said


SCRATCH = """\
defmodule Shop.Scratch do
  use GenServer
  def open(sums), do: GenServer.start_link(__MODULE__, sums, name: __MODULE__)
  def put(id, sum), do: GenServer.call(__MODULE__, {:put, id, sum})

  def close do
    sums = GenServer.call(__MODULE__, :all)
    GenServer.stop(__MODULE__)
    sums
  end

  def init(sums), do: {:ok, sums}
  def handle_call(:all, _from, sums), do: {:reply, sums, sums}
  def handle_call({:put, id, sum}, _from, sums), do: {:reply, :ok, Map.put(sums, id, sum)}
end
"""
LISTS = """\
defmodule Shop.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([Shop.Scratch], strategy: :one_for_one)
end
"""


@pytest.mark.parametrize(
    ("old", "new", "app", "said"),
    [
        ("", "", "", "~of-one-run"),
        ("", "", LISTS, "warning"),
        ("    sums = GenServer.call(__MODULE__, :all)\n", "", "", "info"),
        ("    GenServer.stop(__MODULE__)\n", "", "", "warning"),
        ("GenServer.stop(__MODULE__)", "GenServer.stop(Shop.Till)", "", "warning"),
        ("def close do", "defp close do", "", "info"),
    ],
)
def test_what_is_read_out_and_stopped(old: str, new: str, app: str, said: str) -> None:
    code = SCRATCH.replace(old, new) if old else SCRATCH
    assert outcome(RULE, {"lib/scratch.ex": code, "lib/app.ex": app}) == [said]


FETCHING = """\
defmodule Shop.Stalls do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def stall(id, more), do: GenServer.call(__MODULE__, {:stall, id, more})
  def init(_), do: {:ok, %{}}

  def handle_call({:stall, id, more}, _from, s) do
    stall = stall_in(s, id)
    {:reply, stall, Map.put(s, id, stall)}
  end

  defp stall_in(s, id), do: s[id] || first(id)
  defp first(id), do: %{goods: Shop.Goods.of(id)}
end
"""
GOODS = """\
defmodule Shop.Goods do
  def of(id), do: Shop.Repo.all(query(id))
  defp query(id), do: {:goods, id}
end
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "~derivable"),
        ("Shop.Goods.of(id)", "Enum.count([id])", "warning"),
        ("stall_in(s, id)\n", "stall_in(s, more)\n", "warning"),
        ("stall_in(s, id)\n", "{id, stall_in(s, id)}\n", "warning"),
        ("Map.put(s, id, stall)", "Map.put(s, id, more)", "warning"),
        ("Map.put(s, id, stall)", "Map.put(s, id, [more | stall])", "warning"),
    ],
)
def test_only_the_key_is_a_callers(old: str, new: str, said: str) -> None:
    code = FETCHING.replace(old, new) if old else FETCHING
    assert outcome(RULE, {"lib/stalls.ex": code, "lib/goods.ex": GOODS}) == [said]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{:reply, :ok, [item | s]}", ["info"]),
        ("{:reply, {:ok, 1}, [item | s]}", ["info"]),
        ("{:reply, hd(s), [item | s]}", ["warning"]),
        ("{:noreply, [item | s]}", ["warning"]),
    ],
)
def test_an_answer_that_is_always_the_same_gives_nothing_back(answer: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Stack do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def push(item), do: GenServer.call(__MODULE__, {{:push, item}})
  def init(_), do: {{:ok, []}}
  def handle_call({{:push, item}}, _from, s), do: {answer}
end
"""
    assert outcome(RULE, {"lib/stack.ex": code}) == said


MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shopPACKAGE]
end
"""


@pytest.mark.parametrize(
    ("package", "files", "said"),
    [
        ("", {}, "~unused"),
        (", package: []", {}, "warning"),
        ("", {"lib/b.ex": "defmodule Shop.B do\n  def go, do: Shop.Cart.get(1)\nend\n"}, "warning"),
        ("", {"lib/b.ex": "defmodule Shop.B do\n  def go, do: Shop.Cartoon.get(1)\nend\n"},
         "~unused"),
        ("", {"config/config.exs": "config :shop, cart: Shop.Cart\n"}, "warning"),
        ("", {"config/test.exs": "config :shop, cart: Shop.Cart\n"}, "~unused"),
        ("", {"test/b_test.exs": "defmodule Shop.BTest do\n  Shop.Cart.get(1)\nend\n"}, "~unused"),
    ],
)  # fmt: skip
def test_a_server_that_nothing_names(package: str, files: dict[str, str], said: str) -> None:
    mix = {"mix.exs": MIX.replace("PACKAGE", package)}
    assert outcome(RULE, {**mix, **cart(), **files}) == [said]


@pytest.mark.parametrize(
    ("app", "doc", "other", "said"),
    [
        ("[app: :shop]", "", "", "~unused"),
        ("[app: :shop]", '@doc "Keeps a note."', "", "~unused"),
        ("[app: :shop, package: []]", "", "", "~unused"),
        ("[app: :shop, package: []]", "@doc false", "", "~unused"),
        ("[app: :shop, package: []]", '@doc "Keeps a note."', "", "warning"),
        ("[app: :shop]", "", "def note(text), do: Shop.Notes.add_note(text)", "warning"),
        ("[app: :shop]", "", "defdelegate add_note(note), to: Shop.Notes", "warning"),
    ],
)
def test_a_writer_that_nobody_calls(app: str, doc: str, other: str, said: str) -> None:
    project = "defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: APP\nend\n"
    notes = f"""\
defmodule Shop.Notes do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  {doc}
  @spec add_note(String.t()) :: :ok
  def add_note(note), do: GenServer.cast(__MODULE__, {{:add, note}})
  def all, do: GenServer.call(__MODULE__, :all)
  def init(_), do: {{:ok, []}}
  def handle_cast({{:add, note}}, notes), do: {{:noreply, [note | notes]}}
  def handle_call(:all, _from, notes), do: {{:reply, notes, notes}}
end
"""
    desk = f"defmodule Shop.Desk do\n  def all, do: Shop.Notes.all()\n  {other}\nend\n"
    files = {
        "mix.exs": project.replace("APP", app),
        "lib/shop/notes.ex": notes,
        "lib/shop/desk.ex": desk,
    }
    assert outcome(RULE, files) == [said]


@pytest.mark.parametrize(
    ("write", "note"),
    [
        ("Map.put(s, name, item)", "`item`, which"),
        ("Map.update!(s, name, &[item | &1])", "`item`, which"),
        ("put_in(s, [:all, name], item)", "`item`, which"),
        ("put_in(s, [:all, name], made(name))", "`name`, which"),
        ("put_in(s, [:all, name], true)", "what is filed under `name`, which"),
        ("Map.put(s, name, Shop.Item.new())", "what is filed under `name`, which"),
        (":maps.put(name, item, s)", "`item`, which"),
        ("[{name, item} | s]", "`item`, which"),
        ("MapSet.put(s, {name, item})", "`item`, which"),
    ],
)
def test_what_is_kept_is_the_value(write: str, note: str) -> None:
    code = cart(write=write)["lib/cart.ex"].replace("{:put, id, item}", "{:put, item, name}")
    found = analysed(RULE_OF_IT, {"lib/cart.ex": code}).findings
    assert found[0].evidence[0].note.startswith(note)


COMMAND = """\
defmodule Mix.Tasks.Shop do
  use Mix.Task
  def run(_), do: Shop.Run.go()
end
"""
RUN = """\
defmodule Shop.Run do
  def go do
    Shop.Cart.start_link([])
    Shop.Cart.get(1)
  end
  def other(x), do: x
end
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ["~of-one-run"]),
        ("def other(x), do: x", "def other(x), do: {go(), x}", ["warning"]),
        ("Shop.Cart.start_link([])", "start([{Shop.Cart, []}])", ["warning"]),
    ],
)
def test_what_only_commands_start_is_of_one_run(old: str, new: str, said: list[str]) -> None:
    run = RUN.replace(old, new) if old else RUN
    files = cart() | {"lib/mix/tasks/shop.ex": COMMAND, "lib/run.ex": run}
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("project", "said"),
    [
        ("app: :shop, escript: [main_module: Shop.Run]", ["~of-one-run"]),
        ("app: :shop, package: [], escript: [main_module: Shop.Run]", ["warning"]),
        ("app: :shop", ["warning"]),
    ],
)
def test_what_an_escript_starts_is_of_one_run(project: str, said: list[str]) -> None:
    mix = f"defmodule Shop.M do\n  use Mix.Project\n  def project, do: [{project}]\nend\n"
    assert outcome(RULE, cart() | {"lib/run.ex": RUN, "mix.exs": mix}) == said


FLUSH = """\
def handle_info(:flush, s) do
    items = Enum.reverse(s.items)
    Shop.Report.add(items)
    {:noreply, %{s | items: []}}
  end
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ["~flushed"]),
        ("Shop.Report.add(items)", "store(items)", ["~flushed"]),
        ("Shop.Report.add(items)", "Enum.count(items)", ["warning"]),
        ("items: []", "items: items", ["warning"]),
        ("handle_info(:flush", "handle_cast(:flush", ["warning"]),
        ("Shop.Report.add(items)", "Shop.Report.add(s.other)", ["warning"]),
    ],
)
def test_what_a_flush_empties_is_a_buffer(old: str, new: str, said: list[str]) -> None:
    code = FLUSH.replace(old, new) if old else FLUSH
    code += "  defp store(x), do: Shop.Report.add(x)\n"
    assert outcome(RULE, cart(write="%{s | items: [item | s.items]}", code=code)) == said


BACKOFF = """\
defmodule Shop.Backoff do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, %{}, name: __MODULE__)
  def init(_), do: {:ok, %{}}
  def well(desk), do: set(desk, 0)
  def badly(desk), do: FAILS
  def get(desk), do: GenServer.call(__MODULE__, {:get, desk})
  def reset, do: GenServer.call(__MODULE__, :reset)
  def handle_call(:reset, _from, _state), do: {:reply, :ok, EMPTY}
  def handle_call({:get, desk}, _from, s), do: {:reply, s[desk], s}
  def handle_call({:set, desk, value}, _from, s), do: {:reply, :ok, put_in(s[desk], value)}
  defp set(desk, value), do: GenServer.call(__MODULE__, {:set, desk, value})
  defp most, do: Application.get_env(:shop, :most, 900)
  defp wish(desk), do: desk.wish
end
"""


@pytest.mark.parametrize(
    ("fails", "empty", "words"),
    [
        ("set(desk, min(get(desk) <<< 1, most()))", "%{}", ["info"]),
        ("case get(desk) do\nnil -> set(desk, 1)\nn -> set(desk, min(n <<< 1, most()))\nend", "%{}",
         ["~tally"]),
        ("case get(desk) do\nn -> set(desk, n + 1)\nend", "%{}", ["~tally"]),
        ("case get(desk) do\nn -> set(desk, n + 1)\nend", "%{desk: 1}", ["info"]),
        ("case get(desk) do\nn -> set(desk, n)\nend", "%{}", ["info"]),
        ("set(desk, desk + 1)", "%{}", ["info"]),
        ("set(desk, :failed)", "%{}", ["info"]),
        ("set(desk, wish(desk) + 1)", "%{}", ["info"]),
    ],
)  # fmt: skip
def test_numbers_that_the_server_reckons(fails: str, empty: str, words: list[str]) -> None:
    code = BACKOFF.replace("FAILS", fails).replace("EMPTY", empty)
    assert outcome(RULE, {"lib/backoff.ex": code}) == words


def test_what_a_public_function_is_given_is_no_tally() -> None:
    code = BACKOFF.replace("FAILS", "set(desk, 1)").replace("EMPTY", "%{}")
    assert outcome(RULE, {"lib/backoff.ex": code}) == ["~tally"]
    code = code.replace("defp set(", "def set(")
    assert outcome(RULE, {"lib/backoff.ex": code}) == ["info"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("Supervisor.start_link([{Shop.Cart, []}], strategy: :one_for_one)", ["~unused"]),
        ("Supervisor.start_link([Shop.Cart], strategy: :one_for_one)", ["~unused"]),
        ("Shop.Cart.get(1)", ["~unused"]),
        ("Shop.Repo.add(1)", ["~unused"]),
        ("Shop.Cart.add(1, 2)", ["warning"]),
        ("Enum.map([1], &Shop.Cart.add(&1, 2))", ["warning"]),
        ("Shop.run(Shop.Cart)", ["warning"]),
        ("import Shop.Cart\nadd(1, 2)", ["warning"]),
        ("alias Shop.Cart\nCart.add(1, 2)", ["warning"]),
        ("alias Shop.{Cart, Till}\nCart.get(Till.open())", ["~unused"]),
        ("alias Shop.Cart, as: C\nC.add(1, 2)", ["warning"]),
    ],
)
def test_a_server_that_is_started_and_never_written_to(other: str, words: list[str]) -> None:
    files = cart(
        client="def get(id), do: GenServer.call(__MODULE__, {:get, id})\n"
        "  def add(id, item), do: GenServer.cast(__MODULE__, {:put, id, item})"
    )
    files["mix.exs"] = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
"""
    files["lib/other.ex"] = f"""\
defmodule Shop.Other do
  def add(x), do: x

  def go do
    {other}
  end
end
"""
    files["config/config.exs"] = "import Config\n"
    assert outcome(RULE, files) == words
    tested = "defmodule Shop.CartTest do\n  def go, do: Shop.Cart.{}(1, 2)\nend\n"
    files["test/cart_test.exs"] = tested.format("additional")
    assert outcome(RULE, files) == words
    files["test/cart_test.exs"] = tested.format("add")
    # Where what ships names it nowhere, not even a test makes a difference.
    assert outcome(RULE, files) == (["warning"] if "Cart" in other else words)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("use Spark.Dsl.Transformer\n  def transform(state)", ["~of-one-run"]),
        ("defmacro __before_compile__(state)", ["~of-one-run"]),
        ("def transform(state)", ["warning"]),
    ],
)
def test_a_server_of_the_compilation(use: str, words: list[str]) -> None:
    files = cart()
    own = files["lib/cart.ex"]
    files["lib/cart.ex"] = own.replace("def start_link(_), do:", "def ensure_started, do:")
    files["lib/step.ex"] = f"""\
defmodule Shop.Step do
  {use} do
    Shop.Cart.ensure_started()
    {{:ok, state}}
  end
end
"""
    assert outcome(RULE, files) == words
