"""Global state in asynchronous tests: only what other tests can see."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "async-global-state"
READER = """\
defmodule Shop.Limit do
  @app :shop
  def now, do: Application.get_env(@app, :limit, 10)
  def own, do: Application.get_env(:shop, __MODULE__, [])
  def url, do: System.fetch_env!("SHOP_URL")
  def table, do: :persistent_term.get({__MODULE__, :table})
  @built Application.compile_env(:shop, :built)
  def built, do: @built
end
"""


OTHER = """\
defmodule Shop.OtherTest do
  use ExUnit.Case, async: true
  test "reads" do
    assert [Shop.Limit.now(), Shop.Limit.own(), Shop.Limit.url(), Shop.Limit.table()]
  end
end
"""
ALONE = OTHER.replace(", async: true", "")


def said(
    body: str,
    use: str = "ExUnit.Case, async: true",
    head: str = "",
    reader: str = READER,
    other: str = OTHER,
) -> list[str]:
    test = f"""\
defmodule Shop.LimitTest do
  use {use}
  {head}
  describe "limit" do
    test "works" do
      {body}
    end
  end
end
"""
    files = {"lib/limit.ex": reader, "test/limit_test.exs": test, "test/other_test.exs": other}
    return outcome(RULE, files)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Application.put_env(:shop, :limit, 1)", ["warning"]),
        ("Application.put_env :shop, :limit, 1", ["warning"]),
        (":shop |> Application.delete_env(:limit)", ["warning"]),
        ("Application.put_env(:shop, Shop.Limit, [])", ["warning"]),
        ('System.put_env("SHOP_URL", "x")', ["warning"]),
        (":persistent_term.put({Shop.Limit, :table}, 1)", ["warning"]),
        ("Logger.configure(level: :debug)", ["warning"]),
        ('File.cd!("x", fn -> :ok end)', ["warning"]),
        ("with_mock Shop.Mail, [send: fn _ -> :ok end] do\n:ok\nend", ["warning"]),
        (":meck.expect(Shop.Mail, :send, fn _ -> :ok end)", ["warning"]),
        ("Application.put_env(:shop, :other, 1)", ["~private-key"]),
        ("Application.put_env(:shop, :built, 1)", ["~private-key"]),
        ("Application.put_env(:desk, :limit, 1)", ["~private-key"]),
        ("Application.put_env(:shop, key, 1)", []),
        ('System.put_env("SHOP_#{id}", "x")', []),
        ('Shop.eval("Logger.configure(level: :debug)")', []),
        ("# Logger.configure(level: :debug)", []),
        ("Application.get_env(:shop, :limit)", []),
        ("Other.configure(level: :debug)", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(body) == words


def test_each_thing_is_told_once() -> None:
    put = "Application.put_env(:shop, :limit, 1)"
    assert said(f"{put}\n{put}\nLogger.configure(level: :debug)") == ["warning", "warning"]


@pytest.mark.parametrize("use", ["ExUnit.Case", "ExUnit.Case, async: false", "Shop.Case"])
def test_modules_that_run_alone(use: str) -> None:
    assert said("Application.put_env(:shop, :limit, 1)", use=use) == []


def test_the_last_word_on_async_counts() -> None:
    use = "Shop.Case, async: true\n  use ExUnit.Case, async: false"
    assert said("Application.put_env(:shop, :limit, 1)", use=use) == []


def test_global_mode_of_mox() -> None:
    assert said(":ok", head="setup [:set_mox_global, :verify_on_exit!]") == ["warning"]
    assert said(":ok", head="setup :set_mox_from_context") == []


def test_a_change_while_files_are_loaded() -> None:
    assert said(":ok", head="Application.put_env(:shop, :limit, 1)") == []
    assert said(":ok", head="setup do\nApplication.put_env(:shop, :limit, 1)\nend") == ["warning"]
    helper = "defp small, do: Application.put_env(:shop, :limit, 1)"
    assert said("small()", head=helper) == ["warning"]


def test_two_asynchronous_tests_that_set_the_same() -> None:
    put = "Application.put_env(:tesla, :adapter, X)"
    test = """\
defmodule NAME do
  use ExUnit.Case, async: true
  test "works" do
    PUT
  end
end
"""
    files = {
        f"test/{name}_test.exs": test.replace("NAME", name).replace("PUT", put) for name in "AB"
    }
    assert outcome(RULE, files) == ["warning", "warning"]


def test_code_of_the_application_is_no_test() -> None:
    code = READER + "defmodule Shop.X do\n  use Shop.Server, async: true\n"
    code += "  def go, do: Logger.configure(level: :debug)\nend\n"
    assert said(":ok", reader=code) == []


PUT = "Application.put_env(:shop, :limit, 1)"
BACK = "\n      on_exit(fn -> Application.delete_env(:shop, :limit) end)"
IN_VAIN = "\n      Application.put_env(:shop, :limit, 10)"
STOCK = "defmodule Shop.Stock do\n  def full?, do: Shop.Limit.now() < 3\nend\n"


@pytest.mark.parametrize(
    ("body", "other", "words"),
    [
        (PUT + BACK, OTHER, ["warning"]),
        (PUT + BACK, ALONE, ["~put-back"]),
        (PUT + BACK, "", ["~put-back"]),
        (f"try do\n{PUT}\nafter\n{PUT}\nend", ALONE, ["~put-back"]),
        (PUT + IN_VAIN, ALONE, ["warning"]),
        (PUT, ALONE, ["warning"]),
        (PUT, ALONE.replace("Shop.Limit.now()", PUT), ["warning"]),
        (PUT, "", ["info"]),
        (BACK, OTHER, []),
        (
            PUT + BACK,
            OTHER.replace("Shop.Limit", "Shop.Stock").replace("now", "full?"),
            ["warning"],
        ),
        (PUT + BACK, OTHER.replace("Shop.Limit", "Shop.Stock"), ["~put-back"]),
    ],
)
def test_who_can_meet_the_changed_value(body: str, other: str, words: list[str]) -> None:
    assert said(body, reader=READER + STOCK, other=other) == words


def test_a_helper_that_puts_it_back() -> None:
    head = "defp back, do: Application.put_env(:shop, :limit, 10)"
    assert said(f"{PUT}\n      on_exit(fn -> back() end)", head=head, other="") == ["~put-back"]
    assert said(f"{PUT}\n      on_exit(&back/0)", head=head, other="") == ["~put-back"]
    assert said(f"{PUT}\n      back()", head=head, other="") == ["info"]


TILL = """\
defmodule Shop.Till do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [])
  def init(_), do: {:ok, nil, {:continue, :open}}
  def handle_continue(:open, _), do: {:noreply, read()}
  defp read, do: Application.get_env(:shop, :limit)
end
"""


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("start_supervised!({Shop.Till, []})", ["warning"]),
        ("Shop.Till.start_link([])", ["warning"]),
        ("start_supervised!(Shop.Desk)", ["~unmet"]),
    ],
)
def test_what_only_a_server_reads(start: str, words: list[str]) -> None:
    other = OTHER.replace("assert", f"{start}\n    assert")
    assert said(PUT, reader=TILL, other=other) == words


def test_the_first_change_is_pointed_at() -> None:
    setup = "setup do\n    on_exit(fn -> Application.delete_env(:shop, :limit) end)\n  end"
    code = f"""\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true
  {setup}

  test "works" do
    {PUT}
  end
end
"""
    files = {"lib/a.ex": READER, "test/limit_test.exs": code, "test/other_test.exs": OTHER}
    found = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert [f.line for f in found] == [8]


SHELF = """\
defmodule Shop.Shelf do
  def put(item, place, opts \\\\ [])
  def put(item, nil, opts), do: put(item, choose(opts), opts)
  def put(item, place, _opts), do: {item, place}
  defp choose(_opts), do: Shop.Limit.now()
end
"""


def witnessed(*calls: str, helper: str = "ExUnit.start()") -> list[str]:
    """What is said of a changed limit: the last note of the evidence, with its place."""
    tests = {
        f"test/{n}_test.exs": f"defmodule Shop.T{n}Test do\n  use ExUnit.Case, async: true\n"
        f'  {call}\n  test "puts", %{{at: at}} do\n    {put}\n  end\nend\n'
        for n, (call, _, put) in enumerate(c.rpartition("|") for c in calls)
    }
    test = f"""\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true
  test "works", do: {PUT}
end
"""
    files = {"lib/a.ex": READER, "lib/shelf.ex": SHELF, "test/z_test.exs": test, **tests}
    found = survey(
        MemoryTree.of({**files, "test/test_helper.exs": helper}), jobs=1, rules=(rule(RULE),)
    ).analysis.findings
    return [f"{f.severity} {f.evidence[-1].path} {f.evidence[-1].note}" for f in found]


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (["Shop.Shelf.put(1, 0)"], ["info lib/a.ex"]),
        (["Shop.Shelf.put(1, nil)"], ["warning test/0_test.exs `Shop.T0Test` comes to it"]),
        (["Shop.Shelf.put(1, nil, [])"], ["warning test/0_test.exs `Shop.T0Test` comes to it"]),
        (["Shop.Shelf.put(1, at)"], ["warning test/0_test.exs `Shop.T0Test` may come to it"]),
        (
            ["Shop.Shelf.put(1, at)", "1 |> Shop.Shelf.put(nil)"],
            ["warning test/1_test.exs `Shop.T1Test` comes to it"],
        ),
        (
            ["@moduletag :slow|Shop.Limit.now()", "Shop.Limit.now()"],
            ["warning test/1_test.exs `Shop.T1Test` comes to it"],
        ),
        (
            ["@moduletag slow: true|Shop.Limit.now()"],
            ["warning test/0_test.exs `Shop.T0Test` comes to it"],
        ),
    ],
)
def test_the_surest_witness_is_named(calls: list[str], words: list[str]) -> None:
    found = witnessed(*calls, helper="ExUnit.start(exclude: [:slow])")
    assert len(found) == len(words)
    assert all(text.startswith(word) for text, word in zip(found, words, strict=True)), found


ALSO = OTHER.replace("assert", f"{PUT}\n    assert")
IN_LIMIT = """\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true
  test "a" do
    BODY
  end
end
"""
CONFIG = "import Config\nconfig :shop, limit: 1\n"


@pytest.mark.parametrize(
    ("config", "body", "other", "words"),
    [
        ({"config": CONFIG}, PUT, OTHER, ["~same-value"]),
        ({"config": "import Config\nconfig :shop, :limit, 1\n"}, PUT, OTHER, ["~same-value"]),
        ({"dev": CONFIG}, PUT, OTHER, ["warning"]),
        ({"config": CONFIG, "test": CONFIG.replace("1", "2")}, PUT, OTHER, ["warning"]),
        ({"config": CONFIG.replace("1", "2"), "test": CONFIG}, PUT, OTHER, ["~same-value"]),
        ({"config": f"if true do\n{CONFIG}\nend"}, PUT, OTHER, ["warning"]),
        ({"config": CONFIG.replace("1", "limit")}, PUT, OTHER, ["warning"]),
        ({"config": CONFIG}, PUT + BACK, OTHER, ["warning"]),
        ({"config": CONFIG}, PUT + IN_VAIN, OTHER, ["warning"]),
        ({"config": CONFIG}, PUT, ALSO, ["~same-value"] * 2),
        ({"config": CONFIG}, PUT, ALSO.replace("limit, 1)", "limit, 2)"), ["warning"] * 2),
    ],
)
def test_a_value_that_stays_as_it_is(
    config: dict[str, str], body: str, other: str, words: list[str]
) -> None:
    test = IN_LIMIT.replace("BODY", body)
    files = {f"config/{name}.exs": text for name, text in config.items()}
    tests = {"test/limit_test.exs": test, "test/other_test.exs": other}
    assert outcome(RULE, {**files, **tests, "lib/limit.ex": READER}) == words


MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :NAME]
end
"""
PUTS = """\
defmodule Shop.AddressTest do
  use ExUnit.Case, async: true

  test "is taken from the system" do
    System.put_env("SHOP_URL", "here")
    assert Shop.Limit.url() == "here"
  end
end
"""
CHANGES = """\
defmodule Shop.OtherTest do
  use ExUnit.Case, async: true
  test "changes", do: System.delete_env("SHOP_URL")
end
"""


@pytest.mark.parametrize("other", [OTHER, ALONE, CHANGES])
@pytest.mark.parametrize(("app", "words"), [("shop", ["warning"]), ("bank", ["~unmet"])])
def test_each_application_of_an_umbrella_runs_its_tests_by_itself(
    other: str, app: str, words: list[str]
) -> None:
    files = {
        "mix.exs": MIX.replace("app: :NAME", 'apps_path: "apps"'),
        "apps/shop/mix.exs": MIX.replace("NAME", "shop"),
        "apps/bank/mix.exs": MIX.replace("NAME", "bank"),
        "apps/shop/lib/limit.ex": READER,
        "apps/shop/test/address_test.exs": PUTS,
        f"apps/{app}/test/other_test.exs": other,
    }
    assert outcome(RULE, files)[:1] == words


def test_a_file_that_mix_does_not_load() -> None:
    test = IN_LIMIT.replace("BODY", PUT)
    files = {"lib/limit.ex": READER, "test/limit_tests.exs": test, "test/other_test.exs": OTHER}
    assert outcome(RULE, files) == []
    own = MIX.replace("app: :NAME", 'app: :shop, test_pattern: "*_tests.exs"')
    assert outcome(RULE, {**files, "mix.exs": own}) == ["warning"]
    there = {"test/limit_test.exs": test, "test/support/other.exs": OTHER, "lib/limit.ex": READER}
    assert outcome(RULE, there) == ["~unmet"]


BOOTS = """\
defmodule Shop.Application do
  use Application
  def start(_type, _args), do: Supervisor.start_link(children(), strategy: :one_for_one)
  def children, do: [{Shop.Desk, Application.get_env(:shop, :limit)}]
end
"""


@pytest.mark.parametrize(
    ("read", "words"), [("Shop.Application.children()", ["~unmet"]), (":ok", ["info"])]
)
def test_what_is_read_as_the_application_starts_and_for_this_test(
    read: str, words: list[str]
) -> None:
    assert said(f"{PUT}\n      assert {read}", reader=BOOTS, other="") == words


@pytest.mark.parametrize(
    ("path", "helper", "words"),
    [
        ("test/test_helper.exs", "ExUnit.start(exclude: [], max_cases: 1)", "~one-at-a-time"),
        ("test/test_helper.exs", "ExUnit.configure(\n  max_cases: 1\n)", "~one-at-a-time"),
        ("test/test_helper.exs", "# ExUnit.start(max_cases: 1)", "warning"),
        ("test/test_helper.exs", "ExUnit.start(max_cases: 10)", "warning"),
        ("apps/a/test/test_helper.exs", "ExUnit.start(max_cases: 1)", "warning"),
    ],
)
def test_where_one_module_runs_at_a_time(path: str, helper: str, words: str) -> None:
    test = """\
defmodule Shop.LogTest do
  use ExUnit.Case, async: true
  test "logs", do: Logger.configure(level: :debug)
end
"""
    assert outcome(RULE, {path: helper, "test/log_test.exs": test}) == [words]


@pytest.mark.parametrize(("value", "words"), [("old", ["info"]), ("5", ["warning"])])
def test_put_back_at_the_end_of_the_test(value: str, words: list[str]) -> None:
    body = (
        "old = Application.get_env(:shop, :limit)\n"
        "      Application.put_env(:shop, :limit, 1)\n"
        f"      Application.put_env(:shop, :limit, {value})"
    )
    assert said(body, other=ALONE) == words


def test_a_function_that_another_test_replaces() -> None:
    other = OTHER.replace("assert [", "reject(&Shop.Limit.now/0)\n    assert [").replace(
        "Shop.Limit.now(), ", ""
    )
    put = "Application.put_env(:shop, :limit, 1)\n      on_exit(fn -> put(nil) end)"
    back = "defp put(v), do: Application.put_env(:shop, :limit, v)"
    assert said(put, head=back, other=other) == ["~put-back"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("Application.put_env(:shop, :limit, 1)", "later tests may find this one"),
        (
            "Application.put_env(:shop, :limit, 1)\n Application.put_env(:shop, :limit, 2)",
            "later tests may find the one it is given last",
        ),
        (
            "Application.put_env(:shop, :limit, 1)\n end\n test 'b' do\n"
            "Application.put_env(:shop, :limit, 2)",
            "later tests may find this one",
        ),
    ],
)
def test_what_later_tests_find(body: str, left: str) -> None:
    test = f"""\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true
  test "a" do
    {body}
  end
end
"""
    files = {"lib/limit.ex": READER, "test/limit_test.exs": test, "test/other_test.exs": ALONE}
    (finding,) = analysed(rule(RULE), files).findings
    assert any(evidence.note.endswith(left) for evidence in finding.evidence)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("if far?(), do: Shop.Limit.now()", ["~put-back"]),
        ("case far?() do\n    true -> Shop.Limit.now()\n    _ -> 1\n  end", ["~put-back"]),
        ("far?() && Shop.Limit.now()", ["~put-back"]),
        ("if Shop.Limit.now() > 1, do: 2", ["warning"]),
        ("case Shop.Limit.now() do\n    1 -> 2\n  end", ["warning"]),
        ("if far?(), do: Shop.Limit.now()\n  Shop.Limit.now()", ["warning"]),
        ("with true <- far?(), do: Shop.Limit.now()", ["warning"]),
    ],
)
def test_a_way_by_a_branch_that_the_test_may_not_take(way: str, words: list[str]) -> None:
    reader = f"{READER}\ndefmodule Shop.Far do\n  def go do\n  {way}\n  end\nend\n"
    other = OTHER.replace("assert [Shop.Limit.now(), ", "assert [Shop.Far.go(), ")
    assert said(PUT + BACK, reader=reader, other=other) == words


def test_a_branch_on_the_way_is_a_remark_where_the_value_stays() -> None:
    reader = f"{READER}\ndefmodule Shop.Far do\n  def go, do: far?() && Shop.Limit.now()\nend\n"
    assert said(PUT, reader=reader, other=OTHER.replace("Limit.now()", "Far.go()")) == ["info"]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("setup do\nApplication.put_env(:shop, :limit, 5)\n:ok\nend", ["info"]),
        ("setup _ do\n:ok = Application.put_env(:shop, :limit, 5)\n:ok\nend", ["info"]),
        ("setup do\nif x(), do: Application.put_env(:shop, :limit, 5)\n:ok\nend", ["warning"]),
        ('describe "a" do\nsetup do\nApplication.put_env(:shop, :limit, 5)\nend\nend', ["warning"]),
        ("setup do\nApplication.put_env(:shop, :other, 5)\nend", ["warning"]),
    ],
)
def test_who_writes_it_before_each_test_finds_nothing_left(first: str, words: list[str]) -> None:
    other = ALONE.replace('  test "reads"', f'  {first}\n  test "reads"')
    assert said("Application.put_env(:shop, :limit, 1)", other=other) == words
