"""Tables that only grow: by which keys, by whom, and whether anything removes a row."""

from __future__ import annotations

import pytest

from bot.elixir.rules.ets_unbounded import RULE as WHOLE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "ets-unbounded"


def table(body: str, more: str = "", options: str = ":named_table, :public") -> str:
    return f"""\
defmodule Shop.Seen do
  use GenServer
  @table :seen
  @kinds [:a, :b]
  def init(_), do: {{:ok, :ets.new(@table, [{options}])}}
  {body}
  {more}
end
"""


PUT = "def put(user, n), do: :ets.insert(@table, {user, n})"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (PUT, ["info"]),
        ("def put(user, n), do: :ets.insert_new(@table, {{:user, user}, n})", ["info"]),
        ("def put(user, n), do: :ets.insert(:seen, [{user.id, n}])", ["info"]),
        ("def put(user) do\nkey = {user, 1}\n:ets.insert(@table, {key, 2})\nend", ["info"]),
        ("def put(user), do: :ets.update_counter(@table, user, 1, {user, 0})", ["info"]),
        ("def put(all), do: for({k, n} <- all, do: :ets.insert(@table, {k, n}))", ["info"]),
        (
            "def put(all), do: Enum.each(all, fn k -> :ets.insert(@table, {k, 1}) end)",
            ["info"],
        ),
        ("def put(n), do: for(k <- [:a, :b], do: :ets.insert(@table, {k, n}))", ["~fixed-keys"]),
        # rows that the table has already
        (
            "def put(n), do: for({k, _} <- :ets.match_object(@table, n), "
            "do: :ets.insert(@table, {k, n}))",
            ["~fixed-keys"],
        ),
        # a counter without a default adds no row
        ("def put(user), do: :ets.update_counter(@table, user, 1)", []),
        ("def put(rows), do: :ets.insert(@table, rows)", []),
        ("def put(n), do: :ets.insert(@table, {:last, n})", ["~fixed-keys"]),
        ("def put(n), do: :ets.insert(@table, {{:last, 1}, n})", ["~fixed-keys"]),
        ("def put(k, n) when is_atom(k), do: :ets.insert(@table, {k, n})", ["~fixed-keys"]),
        ("def put(k, n) when k in @kinds, do: :ets.insert(@table, {k, n})", ["~fixed-keys"]),
        (
            "@spec put(module(), integer()) :: true\n"
            "def put(k, n), do: :ets.insert(@table, {k, n})",
            ["~fixed-keys"],
        ),
        (
            "@type kind :: :page\n | :file\n@spec put(kind(), integer()) :: true\n"
            "def put(k, n), do: :ets.insert(@table, {k, n})",
            ["~fixed-keys"],
        ),
        (
            "@type kind :: String.t()\n@spec put(kind(), integer()) :: true\n"
            "def put(k, n), do: :ets.insert(@table, {k, n})",
            ["info"],
        ),
        ("def get(user), do: :ets.lookup(@table, user)", []),
        (
            "def put({key, n}), do: :ets.insert(@table, {key, n})\n"
            "def sold(n), do: put({:sold, n})",
            ["~fixed-keys"],
        ),
        (
            "def put({key, n}), do: :ets.insert(@table, {key, n})\n"
            "def sold(n), do: put({n, :sold})",
            ["info"],
        ),
        (
            "def put({key, n}), do: :ets.insert(@table, {key, n})\ndef sold(row), do: put(row)",
            ["info"],
        ),
    ],
)
def test_keys(body: str, said: list[str]) -> None:
    assert outcome(RULE, {"lib/seen.ex": table(body)}) == said


@pytest.mark.parametrize(
    "removal",
    [
        ":ets.delete(@table, k)",
        "@table |> :ets.delete(k)",
        ":ets.delete(:seen)",
        ":ets.delete_all_objects(@table)",
        ":ets.match_delete(@table, k)",
        ":ets.select_delete(@table, k)",
        ":ets.take(@table, k)",
        # of a table that could be this one
        ":ets.delete(k)",
        "Enum.each(k, &:ets.delete(@table, &1))",
    ],
)
def test_whatever_removes_rows(removal: str) -> None:
    assert outcome(RULE, {"lib/seen.ex": table(PUT, f"def drop(k), do: {removal}")}) == []


def test_a_library_may_look_after_the_rows() -> None:
    more = "def start, do: Sweeper.start_link(@table)"
    assert outcome(RULE, {"lib/seen.ex": table(PUT, more)}) == []
    assert outcome(RULE, {"lib/seen.ex": table(PUT, more.replace("@table", ":x"))}) == ["info"]


def test_removal_of_another_table_does_not_count() -> None:
    more = "def drop(k), do: :ets.delete(:other, k)"
    assert outcome(RULE, {"lib/seen.ex": table(PUT, more)}) == ["info"]


def test_removal_in_another_module() -> None:
    janitor = "defmodule Shop.Janitor do\n  def run(k), do: :ets.delete(:seen, k)\nend\n"
    files = {"lib/seen.ex": table(PUT), "lib/janitor.ex": janitor}
    assert outcome(RULE, files) == []
    assert outcome(RULE, {**files, "lib/janitor.ex": janitor.replace(":seen", ":x")}) == ["info"]


def test_only_tables_with_a_name_outlive_what_made_them() -> None:
    assert outcome(RULE, {"lib/seen.ex": table(PUT, options=":public")}) == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("Shop.Seen.put(:page, 1)", ["~fixed-keys"]),
        ("Shop.Seen.put(:page, 1) && Shop.Seen.put(id, 1)", ["info"]),
        ("keep(:page)\n  defp keep(x), do: Shop.Seen.put(x, id())", ["~fixed-keys"]),
        ("Enum.each(id, &Shop.Seen.put/2)", ["info"]),
    ],
)
def test_callers_may_have_a_fixed_set_of_keys(call: str, said: list[str]) -> None:
    page = f"defmodule Shop.Page do\n  def show(id), do: {call}\nend\n"
    assert outcome(RULE, {"lib/seen.ex": table(PUT), "lib/page.ex": page}) == said


def test_whoever_makes_the_table_may_fill_it() -> None:
    code = """\
defmodule Shop.Words do
  def load(words) do
    :ets.new(__MODULE__, [:named_table])
    Enum.each(words, &put/1)
  end

  defp put(word), do: :ets.insert(__MODULE__, {word, true})
end
"""
    assert outcome(RULE, {"lib/words.ex": code}) == ["~filled-at-start"]
    more = code.replace("defp put", "def again(words), do: Enum.each(words, &put/1)\n  defp put")
    assert outcome(RULE, {"lib/words.ex": more}) == ["info"]


MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop{project}]
  def application, do: [{application}]
end
"""

SEEN = """\
defmodule Shop.Seen do
  def new, do: :ets.new(:seen, [:named_table])
  {more}

  @doc "The count."
  @spec count(binary()) :: integer()
  def count(user) do
    case :ets.lookup(:seen, user) do
      [] -> put(user, 0)
      [{_, n}] -> n
    end
  end

  defp put(user, n), do: :ets.insert(:seen, {user, recount(n)})
  defp recount(n), do: n
end
"""


@pytest.mark.parametrize(
    ("project", "application", "more", "user", "said"),
    [
        ("", "mod: {Shop, []}", "", "Shop.Sold.count(user)", "~filled-at-start"),
        ("", "mod: {Shop, []}", "", "Shop.Seen.count(user)", "info"),
        ("", "mod: {Shop, []}", "", "apply(seen(), :count, [user])", "info"),
        ("", "mod: {Shop, []}", "@behaviour Shop.Counts", "user", "info"),
        ("", "mod: {Shop, []}", "def all(us), do: Enum.map(us, &count/1)", "user",
         "~filled-at-start"),
        ("", "mod: {Shop, []}", "def all(us), do: Enum.map(us, &count/1)",
         "Shop.Seen.all([user])", "info"),
        (", package: []", "mod: {Shop, []}", "", "user", "info"),
        ("", "", "", "user", "info"),
    ],
)  # fmt: skip
def test_what_no_code_of_an_application_calls(
    project: str, application: str, more: str, user: str, said: str
) -> None:
    files = {
        "mix.exs": MIX.replace("{project}", project).replace("{application}", application),
        "lib/seen.ex": SEEN.replace("{more}", more),
        "lib/page.ex": f"defmodule Shop.Page do\n  def show(user), do: {user}\nend\n",
    }
    assert outcome(RULE, files) == [said]


def test_mix_tasks_and_tests_end() -> None:
    task = "defmodule Mix.Tasks.Shop do\n  use Mix.Task\n"
    code = table(PUT).replace("defmodule Shop.Seen do\n", task)
    assert outcome(RULE, {"lib/seen.ex": code}) == []
    assert outcome(RULE, {"test/seen.exs": table(PUT)}) == []
    assert outcome(RULE, {"priv/load/lib/seen.ex": table(PUT)}) == []
    assert outcome(RULE, {"lib/examples/seen.ex": table(PUT)}) == []
    assert outcome(RULE, {"lib/example_shop/seen.ex": table(PUT)}) == ["info"]


@pytest.mark.parametrize(
    ("again", "found"),
    [("{:noreply, state}", False), ("{:noreply, state, {:continue, :load}}", True)],
)
def test_a_continue_that_only_init_asks_for_is_part_of_the_start(again: str, found: bool) -> None:
    code = f"""\
defmodule Shop.Prices do
  use GenServer
  def init(file) do
    :ets.new(__MODULE__, [:named_table])
    {{:ok, file, {{:continue, :load}}}}
  end

  def handle_continue(:load, file) do
    for line <- File.stream!(file), do: :ets.insert(__MODULE__, {{line, true}})
    {{:noreply, file}}
  end

  def handle_info(:again, state), do: {again}
end
"""
    assert any("~" not in said for said in outcome(RULE, {"lib/prices.ex": code})) is found


LOADER = """\
defmodule Shop.Loader do
  use GenServer
  def init(_), do: {:ok, Enum.each(Shop.Repo.all(), &Shop.Seen.put(&1, 1))}
  def handle_info({:sold, user}, s), do: {:noreply, Shop.Seen.put(user, s)}
end
"""


@pytest.mark.parametrize(
    ("loader", "confidence", "notes"),
    [
        (LOADER, "low", ["`Shop.Loader` runs this in a callback",
                         "filled here, too, as the server starts"]),
        (LOADER.replace("Shop.Seen.put(&1, 1)", "&1"), "medium",
         ["`Shop.Loader` runs this in a callback"]),
        ("", "medium", ["any process that calls `Shop.Seen.put/2` runs this"]),
    ],
)  # fmt: skip
def test_a_view_of_what_is_stored(loader: str, confidence: str, notes: list[str]) -> None:
    page = "defmodule Shop.Page do\n  def show(user), do: Shop.Seen.put(user, 2)\nend\n"
    files = {"lib/seen.ex": table(PUT), "lib/loader.ex": loader}
    if loader:
        files["lib/page.ex"] = page
    (finding,) = analysed(WHOLE, files).findings
    assert (finding.severity, finding.confidence) == ("info", confidence)
    assert [e.note for e in finding.evidence][2:] == notes


COUNT = """def count(user) do
    limit = Application.get_env(:shop, :limit, :none)
    if is_integer(limit), do: :ets.update_counter(@table, {:count, user}, 1, {user, 0})
  end"""


@pytest.mark.parametrize(
    ("body", "confidence", "line", "told"),
    [
        (COUNT, "low", 8, ", where the setting `:shop, :limit` says so"),
        (f"{COUNT}\n  {PUT}", "medium", 10, "put/2` runs this"),
        (COUNT.replace("Application.get_env(:shop, :limit, :none)", "user"), "medium", 8, "this"),
    ],
)
def test_rows_that_only_a_setting_lets_in(body: str, confidence: str, line: int, told: str) -> None:
    (finding,) = analysed(WHOLE, table(body)).findings
    assert str(finding.confidence) == confidence
    assert finding.evidence[1].line == line
    assert finding.evidence[2].note.endswith(told)


CYCLE = """\
defmodule Shop.Cycle do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, name)
  def init(name), do: {:ok, %{name: name, worker: nil}}
  def handle_info(:tick, %{worker: old} = state), do: {:noreply, swap(state, old)}
  defp swap(HELD, _old) do
    Shop.Seen.put(KEY, 1)
    SET
  end
end
"""
PATTERN, LISTED = "%{name: name, worker: _} = state", "Supervisor.init([{Shop.Cycle, :a}], [])"


@pytest.mark.parametrize(
    ("held", "key", "sets", "start", "said"),
    [
        (PATTERN, "name", "%{state | worker: 1}", LISTED, "~fixed-keys"),
        ("state", "state.name", "%{state | worker: 1}", LISTED, "~fixed-keys"),
        (PATTERN, "name", "%{state | name: 1}", LISTED, "info"),
        ("state", "state.name", "Map.put(state, :name, 1)", LISTED, "info"),
        ("state", "state", "state", LISTED, "info"),
        (PATTERN, "name", "state", "DynamicSupervisor.start_child(S, {Shop.Cycle, 1})", "info"),
        (PATTERN, "name", "state", "Shop.Cycle.start_link(1)", "info"),
    ],
)
def test_one_row_for_each_child_of_a_list(
    held: str, key: str, sets: str, start: str, said: str
) -> None:
    cycle = CYCLE.replace("HELD", held).replace("KEY", key).replace("SET", sets)
    tree = f"defmodule Shop.Tree do\n  use Supervisor\n  def init(_), do: {start}\nend\n"
    files = {"lib/seen.ex": table(PUT), "lib/cycle.ex": cycle, "lib/tree.ex": tree}
    assert outcome(RULE, files) == [said]


OWNER = """\
defmodule Shop.Kinds do
  use GenServer
  def init(x) do
    :ets.new(:kinds, [:named_table, :public])
    {:ok, x}
  end
"""


@pytest.mark.parametrize(
    ("head", "body", "said"),
    [
        ("add(kind)", ":ets.insert(:kinds, {kind, :ets.new(kind, [])})", []),
        ("add(%kind{})", ":ets.insert(:kinds, {kind, 1})", []),
        ("add(kind)", ":ets.insert(:kinds, {kind, :ets.new(:other, [])})", ["info"]),
        ("add(%Shop.Kind{id: kind})", ":ets.insert(:kinds, {kind, 1})", ["info"]),
    ],
)
def test_what_names_a_table_or_a_struct_is_an_atom(head: str, body: str, said: list[str]) -> None:
    code = f"""\
{OWNER}  def {head}, do: {body}
end
"""
    found = outcome("ets-unbounded", {"lib/kinds.ex": code})
    assert [word for word in found if not word.startswith("~")] == said


@pytest.mark.parametrize(
    ("found", "key", "said"),
    [
        ("[{_, kind}] -> kind", "kind.id", []),
        ("[{_, kind}] -> kind\n [] -> nil", "kind.id", []),
        ("[{_, kind}] -> kind\n [] -> raise id", "kind.id", []),
        ("[{_, kind}] -> kind\n [] -> %{id: id}", "kind.id", ["info"]),
        ("[{_, kind}] -> kind\n [] -> id", "kind.id", ["info"]),
        ("[{_, kind}] -> kind\n [] -> nil", "id", ["info"]),
    ],
)
def test_the_key_of_a_row_that_a_function_looked_up(found: str, key: str, said: list[str]) -> None:
    code = f"""\
{OWNER}  def close(id) do
    kind = find(id)
    :ets.insert(:kinds, {{{key}, %{{kind | open: false}}}})
  end
  def find(id) do
    case :ets.lookup(:kinds, id) do
      {found}
    end
  end
end
"""
    words = outcome("ets-unbounded", {"lib/kinds.ex": code})
    assert [word for word in words if not word.startswith("~")] == said
