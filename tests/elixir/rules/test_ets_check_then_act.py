"""Check-then-act on tables: which write matters, and who runs it."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "ets-check-then-act"


def stock(body: str, access: str = ":public", more: str = "", head: str = "def go(k)") -> list[str]:
    body = body.replace("READ", ":ets.lookup(@table, k)")
    body = body.replace("ONE", ":ets.lookup_element(@table, k, 2)")
    code = f"""\
defmodule Shop.Stock do
  use GenServer
  @table :stock
  def init(_), do: {{:ok, :ets.new(@table, [:named_table, {access}])}}
  {head} do
    {body}
  end
  {more}
end
"""
    return outcome(RULE, {"lib/stock.ex": code})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[{_, n}] = READ\n:ets.insert(@table, {k, n + 1})", ["warning"]),
        ("[{_, n}] = READ\n:ets.insert(:stock, [{k, n + 1}])", ["warning"]),
        ("n = ONE\nm = n + 1\n:ets.insert(@table, {k, m})", ["warning"]),
        (":ets.insert(@table, {k, ONE + 1})", ["warning"]),
        (
            "@table |> :ets.lookup(k) |> case do\n[{_, n}] -> :ets.insert(@table, {k, n}) end",
            ["warning"],
        ),
        ("n = ONE\n:ets.update_element(@table, k, {2, n})", ["warning"]),
        (
            "case READ do\n[] -> :ets.insert(@table, {k, 1})\n_ -> {:error, :gone}\nend",
            ["warning"],
        ),
        ("[row] = READ\n:ets.delete(@table, k)\nrow", ["info"]),
        (
            "k = :ets.update_counter(@table, :n, 1)\n[row] = READ\n:ets.delete(@table, k)\nrow",
            ["~own-row"],
        ),
        (
            "n = :ets.update_counter(@table, :n, {2, 1})\nk = n - 9\n[row] = READ\n"
            ":ets.delete(@table, k)\nrow",
            ["~own-row"],
        ),
        (
            "k = :ets.update_counter(@table, :n, {2, 1, 9, 0})\n[row] = READ\n"
            ":ets.delete(@table, k)\nrow",
            ["info"],
        ),
        (
            "k = :ets.update_counter(@table, :n, 0)\n[row] = READ\n:ets.delete(@table, k)\nrow",
            ["info"],
        ),
        # other rows, other tables, other orders
        ("[{_, n}] = READ\n:ets.insert(@table, {:last, n})", []),
        ("[{_, n}] = READ\n:ets.insert(:other, {k, n})", []),
        (":ets.insert(@table, {k, 1})\nREAD", []),
        ("[{_, n}] = READ\n:ets.update_counter(@table, k, n)", []),
        ("[] = READ\n:ets.insert_new(@table, {k, 1})", []),
        # what was read does not matter to what is written
        ("[{^k, _}] = READ\n:ets.insert(@table, {k, 1})", []),
        ("case READ do\n[{_, old}] when old < 3 -> :ets.delete(@table, k)\n_ -> :ok\nend", []),
        ("unless :ets.member(@table, k), do: :ets.insert(@table, {k, 1})", ["~cache-fill"]),
        ("quote do\n[{_, n}] = READ\n:ets.insert(@table, {k, n})\nend", []),
        ("if x(READ) do\nelse", []),
    ],
)
def test_rows(body: str, said: list[str]) -> None:
    assert stock(body) == said


LOSES = "[{_, n}] = READ\n:ets.insert(@table, {k, n + 1})"


@pytest.mark.parametrize(
    ("head", "more", "said"),
    [
        ("defp go(k)", "def handle_cast(k, s), do: {:noreply, go(k)}", ["~one-server"]),
        ("def go(k)", "def handle_cast(k, s), do: {:noreply, go(k)}", ["~one-server"]),
        ("defp go(k)", "def put(k), do: go(k)", ["warning"]),
        ("defp go(k)", "def put(k), do: Task.start(fn -> go(k) end)", ["warning"]),
        ("defp go(k)", "def handle_cast(k, s), do: Task.start(fn -> go(k) end)", ["warning"]),
        # the one server's update meets the write of its callers
        (
            "defp go(k)",
            "def handle_cast(k, s), do: {:noreply, go(k)}\n"
            "def put(k), do: :ets.insert(@table, {k, 0})",
            ["warning"],
        ),
        ("defp go(k)", "def init(k), do: Task.start(fn -> go(k) end)", []),
        # nobody calls it
        ("defp go(k)", "", []),
        ("defp go(k)", "def start_link(k), do: go(k)", []),
    ],
)
def test_who_runs_it(head: str, more: str, said: list[str]) -> None:
    assert stock(LOSES, head=head, more=more) == said


@pytest.mark.parametrize("access", [":protected", ":private", ":set"])
def test_only_the_owner_writes_such_a_table(access: str) -> None:
    assert stock(LOSES, access=access) == []


def test_a_caller_in_another_module_counts() -> None:
    table = """\
defmodule Shop.Table do
  def new, do: :ets.new(__MODULE__, [:named_table, :public])
  def bump(k) do
    [{_, n}] = :ets.lookup(__MODULE__, k)
    :ets.insert(__MODULE__, {k, n + 1})
  end
end
"""
    server = """\
defmodule Shop.Server do
  use GenServer
  alias Shop.Table
  def init(_), do: {:ok, Table.new()}
  def handle_cast(k, s), do: {:noreply, Table.bump(k)}
end
"""
    page = "defmodule Shop.Page do\n  def show(k), do: Shop.Table.bump(k)\nend\n"
    files = {"lib/table.ex": table, "lib/server.ex": server}
    assert outcome(RULE, files) == ["~one-server"]
    assert outcome(RULE, {**files, "lib/page.ex": page}) == ["warning"]
    assert outcome(RULE, {**files, "test/page_test.exs": page}) == ["~one-server"]


def test_a_table_without_a_name_is_known_by_its_module() -> None:
    code = """\
defmodule Shop.Stock do
  def new, do: :ets.new(:stock, [ACCESS])
  def sell(table, k) do
    [{_, n}] = :ets.lookup(table, k)
    :ets.insert(table, {k, n - 1})
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code.replace("ACCESS", ":public")}) == ["warning"]
    assert outcome(RULE, {"lib/a.ex": code.replace("ACCESS", ":set")}) == []


BEHAVIOUR = """\
defmodule Shop.Handler do
  @callback handle(context :: map(), items :: [term()]) :: :ok | :error
end
"""


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("@behaviour Shop.Handler\n  def handle(_, k), do: Shop.Stock.go(k)", ["info"]),
        ("@behaviour Shop.Handler\n  def handle(_, k), do: Task.start(fn -> Shop.Stock.go(k) end)",
         ["warning"]),
        ("@behaviour Shop.Handler\n  def sell(k), do: Shop.Stock.go(k)", ["warning"]),
        ("@behaviour Shop.Library\n  def handle(_, k), do: Shop.Stock.go(k)", ["warning"]),
        ("def handle(_, k), do: Shop.Stock.go(k)", ["warning"]),
        ("@behaviour Shop.Handler\n  def handle(_, k), do: Shop.Stock.go(k)\n"
         "  def sell(k), do: Shop.Stock.go(k)", ["warning"]),
    ],
)  # fmt: skip
def test_a_callback_of_the_project_is_run_by_who_knows(module: str, said: list[str]) -> None:
    stock = f"""\
defmodule Shop.Stock do
  use GenServer
  def init(_), do: {{:ok, :ets.new(:stock, [:named_table, :public])}}
  def go(k) do
    {LOSES.replace("READ", ":ets.lookup(:stock, k)").replace("@table", ":stock")}
  end
end
"""
    files = {
        "lib/a.ex": f"defmodule Shop.A do\n  {module}\nend\n",
        "lib/handler.ex": BEHAVIOUR,
        "lib/stock.ex": stock,
    }
    assert outcome(RULE, files) == said
