"""Sleeps: only those by which a test itself waits."""

from __future__ import annotations

import pytest

from bot.core.finding import Finding
from bot.elixir.rules import rule
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "sleep-in-tests"


def in_test(body: str, more: str = "", name: str = "works") -> dict[str, str]:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  describe "a" do
    test "{name}" do
      {body}
    end
  end
{more}
end
"""
    return {"test/a_test.exs": code}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Process.sleep(100)", ["warning"]),
        ("100 |> Process.sleep()", ["warning"]),
        (":timer.sleep(100)", ["warning"]),
        ("capture_log(fn -> Process.sleep(100) end)", ["warning"]),
        ("for _ <- 1..3, do: Process.sleep(100)", ["warning"]),
        ("Process.sleep(1)", ["info"]),
        ("Process.sleep(:infinity)", ["~parked"]),
        ("spawn(fn -> Process.sleep(100) end)", ["~simulated-work"]),
        ("stub(fn _ -> Process.sleep(100) end)", ["~simulated-work"]),
        ('Bypass.expect(b, "GET", "/", fn c -> Process.sleep(100) end)', ["~simulated-work"]),
        ("Process.sleep(2 * @check_interval)", ["info"]),
        ("Process.sleep(@setup_delay)", ["warning"]),
        ("Process.sleep(9 * Source.sleep_time())", ["info"]),
        ("eventually(fn -> Process.sleep(100) end)", ["~polling"]),
        ("defmodule Slow do\n  def run, do: Process.sleep(100)\nend", ["~simulated-work"]),
        ("verify(max_age: 1)\n      Process.sleep(100)", ["info"]),
        ("put(c, :max_age, 1000)\n      Process.sleep(500)\n      assert c", ["warning"]),
        ("put(c, :max_age, 1_000)\n      Process.sleep(1_000)", ["info"]),
        ("put(c, ttl: 900, max_age: 5)\n      Process.sleep(100)", ["info"]),
        ("put(c, ttl: 1.5)\n      Process.sleep(1)", ["info"]),
        ("span 'a' do\n  Process.sleep(5)\nend", ["~simulated-work"]),
        ("span 'a' do\n  span 'b' do\n    Process.sleep(90)\n  end\nend", ["~simulated-work"]),
        ("span 'a' do\n  go()\n  Process.sleep(90)\nend", ["warning"]),
        ("if slow?() do\n  Process.sleep(90)\nend", ["warning"]),
        ("capture_log do\n  Process.sleep(90)\nend", ["warning"]),
        ('eval("Process.sleep(100)")', []),
        ("# Process.sleep(100)", []),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_test(body)) == said


def test_time_itself_is_what_is_tested() -> None:
    assert outcome(RULE, in_test("Process.sleep(100)", name="expires after its ttl")) == ["info"]
    for said, weight in (("until it expires", ["info"]), ("until state == :expired", ["warning"])):
        assert outcome(RULE, in_test(f"# {said}\n      Process.sleep(100)")) == weight


def test_helper_that_a_test_calls() -> None:
    assert outcome(RULE, in_test("settle()", "  def settle, do: Process.sleep(100)")) == ["warning"]


def test_function_that_is_only_started_by_name() -> None:
    body, helper = "Task.async(__MODULE__, :slow, [])", "  def slow, do: Process.sleep(100)"
    assert outcome(RULE, in_test(body, helper)) == ["~simulated-work"]


@pytest.mark.parametrize("path", ["lib/a.ex", "lib/load_test/a.ex", "priv/a.exs"])
def test_only_in_tests(path: str) -> None:
    assert outcome(RULE, {path: in_test("Process.sleep(100)")["test/a_test.exs"]}) == []


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("is not sent again", "Process.sleep(100)\n      refute sent?()", "info"),
        ("is not sent again", "Process.sleep(100)\n      a = sent()\n      refute a[:b]", "info"),
        ("is not sent again", "Process.sleep(100)\n      assert sent?()", "warning"),
        ("starts", "# It must not start\n      Process.sleep(100)\n      refute up?()", "info"),
        ("starts", "Process.sleep(100) # never\n      refute up?()", "info"),
        ("tells once", "Process.sleep(100)\n      refute_received :told", "info"),
        ("starts", "Process.sleep(90)\n      # never again\n      assert all() == []", "info"),
        ("starts", "# it does not wait\n      Process.sleep(90)\n      assert up?()", "warning"),
        ("stays", "Process.sleep(90)\n      # all not yet told\n      assert a()", "warning"),
        ("survives", "Process.sleep(90)\n      assert Process.alive?(pid)", "info"),
        ("dies", "Process.sleep(90)\n      assert Process.alive?(pid) == false", "warning"),
        ("tells", "Process.sleep(9_0)\n      assert a()\n      refute_received :b", "warning"),
        ("removes dead members", "Process.sleep(50)\n      refute member?(pid)", "warning"),
        ("is not kept", "Process.sleep(50)\n      refute Process.alive?(pid)", "warning"),
        ("is no longer there", "Process.sleep(50)\n      refute member?(pid)", "warning"),
        ("is not there", "refute up?()\n      Process.sleep(50)\n      start()", "warning"),
        ("is not told", "Process.sleep(50)\n      assert all() == []", "info"),
        ("is not told", "Process.sleep(50)\n      all = all()\n      assert [] == all", "info"),
        ("is not told", "Process.sleep(50)\n      assert Enum.empty?(all())", "info"),
        ("is not told", "Process.sleep(50)\n      assert all() == [1]", "warning"),
        ("is told", "Process.sleep(50)\n      assert all() == []", "warning"),
    ],
)
def test_waiting_for_what_must_not_happen(name: str, body: str, said: str) -> None:
    assert outcome(RULE, in_test(body, name=name)) == [said]


def test_routes_of_a_server_that_tests_talk_to() -> None:
    code = """\
defmodule Shop.SlowServer do
  use Plug.Router
  get "/slow" do
    Process.sleep(100)
    send_resp(conn, 200, "")
  end
end
"""
    assert outcome(RULE, {"test/support/slow_server.ex": code}) == ["~simulated-work"]


@pytest.mark.parametrize(
    ("callbacks", "said"),
    [
        ("def init(s), do: {:ok, s}\n  def handle_info(:go, s), do: work(s)", "~simulated-work"),
        ("def init(s), do: {:ok, s}\n  def handle(:go, s), do: work(s)", "warning"),
        ("def go(s), do: work(s)", "warning"),
    ],
)
def test_a_server_without_use_is_a_stub_too(callbacks: str, said: str) -> None:
    code = f"""\
defmodule Shop.Reader do
  def start_link(s), do: GenServer.start_link(__MODULE__, s)
  {callbacks}
  defp work(s) do
    Process.sleep(s)
    {{:noreply, s}}
  end
end
"""
    assert outcome(RULE, {"test/support/reader.ex": code}) == [said]


NESTED = """defmodule Slow do
        use ExUnit.Case
        test "is slow" do
          Process.sleep(100)
        end
      end
      run(Slow)"""
PERIOD = "left = 60_000 - rem(System.system_time(:millisecond), 60_000)\n      "
HITS = """Limit.hit(:a, each)
      # the window ends
      Process.sleep(each + 10)
      Limit.hit(:a, each)"""
ROUNDS = "for _ <- 1..900 do\n        Shop.count()\n        Process.sleep(20)\n      end"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (NESTED, "~fixture"),
        (f"{PERIOD}if left < 500, do: Process.sleep(left + 50)", "~wall-clock"),
        (f"{PERIOD}later = left + 9\n      Process.sleep(later)", "~wall-clock"),
        ("Process.sleep(1000 - DateTime.utc_now().microsecond)", "~wall-clock"),
        (f"{PERIOD}Process.sleep(100)\n      assert a()", "warning"),
        ("a = System.monotonic_time()\n      Process.sleep(a)\n      assert a", "warning"),
        (ROUNDS, "~load"),
        (f"{ROUNDS}\n      assert count() == 900", "warning"),
        (f"{ROUNDS}\n      [_, _] = Shop.all()", "warning"),
        (ROUNDS.replace("Shop.count()", "assert Shop.count()"), "info"),
        (ROUNDS.replace("Shop.count()", ""), "warning"),
        ("Shop.put(1, ttl: 20)\n      Process.sleep(21)", "~outlasts"),
        ("put(1, ttl: 1)\n      put(1, ttl: 20)\n      Process.sleep(20)", "info"),
        ("Shop.put(1, max_age: 0.1)\n      Process.sleep(150)", "~outlasts"),
        ("Shop.put(1, max_age: 100)\n      Process.sleep(150)", "info"),
        ("Shop.put(1, ttl: ttl)\n      Process.sleep(ttl + 10)", "~outlasts"),
        ("Shop.put(1, ttl: ttl)\n      Process.sleep(ttl * 2)", "~outlasts"),
        ("Shop.put(1, ttl: ttl)\n      Process.sleep(ttl)", "info"),
        ("Shop.put(1, ttl: :infinity)\n      Process.sleep(90)", "info"),
        ("open(ttl: 10, check_interval: 5)\n      Process.sleep(90)", "info"),
        ("open(check_interval: 5)\n      put(1, ttl: 20)\n      Process.sleep(90)", "info"),
        ("open(interval: nil)\n      put(1, ttl: 20)\n      Process.sleep(90)", "~outlasts"),
        ("Process.sleep(90)\n      Shop.put(1, ttl: 20)", "info"),
        (HITS, "~outlasts"),
        (HITS.replace("# the window ends", "# get there"), "warning"),
        (HITS.replace("each + 10", "each"), "info"),
        (HITS.replace("Limit.hit(:a, each)\n      # the", "start(each)\n      # the"), "info"),
    ],
)
def test_what_no_event_would_end(body: str, said: str) -> None:
    assert outcome(RULE, in_test(body)) == [said]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("separates the holders of tickets", "warning"),
        ("orders by rate", "info"),
        ("keeps to the rate limit", "info"),
        ("drops old entries", "info"),
        ("idles", "info"),
        ("counts again after its cooldown", "info"),
    ],
)
def test_words_about_time_are_whole_words(name: str, said: str) -> None:
    assert outcome(RULE, in_test("Process.sleep(100)", name=name)) == [said]


def test_a_helper_that_waits_for_the_clock() -> None:
    more = """  defp align(period \\\\ 60_000) do
    left = period - rem(System.os_time(:millisecond), period)
    if left < 500, do: :timer.sleep(left)
  end
"""
    assert outcome(RULE, in_test("align()", more)) == ["~wall-clock"]


def found(body: str, more: str = "", name: str = "works") -> tuple[Finding, ...]:
    return analysed(rule(RULE), in_test(body, more, name)).findings


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# let the rate limit lapse, or some lines are dropped", "info"),
        ("# the window has to pass", "info"),
        ("# wait for at least one interval of the poller", "warning"),
        ("# a delay until the other process got on", "warning"),
        ("# the windowed view is drawn by then", "warning"),
    ],
)
def test_a_comment_says_what_has_to_pass(comment: str, said: str) -> None:
    assert outcome(RULE, in_test(f"{comment}\n      Process.sleep(100)\n      go()")) == [said]
    assert outcome(RULE, in_test(f"Process.sleep(100) {comment}\n      go()")) == [said]


def test_a_comment_below_another_is_about_what_comes_next() -> None:
    body = "# all is cleaned up\n      Process.sleep(100)\n      # the offer expires\n      go()"
    assert outcome(RULE, in_test(body)) == ["warning"]
    assert outcome(RULE, in_test(body.partition("\n")[2])) == ["info"]


@pytest.mark.parametrize(
    ("after", "weight", "message"),
    [
        ("wait_for_stock(pid, timeout: 900)", "info", "waits by its name"),
        ("assert {:ok, 1} = Shop.Help.wait_for_stock(pid)", "info", "waits by its name"),
        ("eventually(fn -> Shop.up?() end)", "info", "waits by its name"),
        ("assert :gen_tcp.recv(socket, 0) == {:ok, 'a'}", "info", "before a read that waits"),
        ("{:ok, peer} = :gen_tcp.accept(socket)", "info", "before a read that waits"),
        ("assert :gen_tcp.recv(socket, 0, 10) == {:ok, 'a'}", "warning", "whatever"),
        (
            "task = Task.async(fn -> :gen_tcp.recv(socket, 0) end)",
            "warning",
            "whatever",
        ),
        ("assert_receive :sold", "warning", "whatever"),
        ("assert_received :sold", "warning", "whatever"),
        ("Task.await(task)", "warning", "whatever"),
        ("assert Shop.up?()\n      wait_for_stock(pid)", "warning", "whatever"),
    ],
)
def test_a_pause_before_a_wait(after: str, weight: str, message: str) -> None:
    (finding,) = found(f"Process.sleep(100)\n      {after}")
    assert finding.severity == weight
    assert message in finding.message


STATE = "  defp state(pid), do: pid |> :sys.get_state() |> Map.get(:a)"
MAIL = "the server that is asked next answers after the mail it has"


@pytest.mark.parametrize(
    ("before", "after", "name", "weight", "told"),
    [
        ("Shop.put(pid, 1)", "assert %{a: 1} = :sys.get_state(pid)", "puts", "warning", True),
        ("Shop.put(pid, 1)", "a = state(pid)", "puts", "warning", True),
        ("Shop.defer(pid)", "a = state(pid)", "at the interval", "info", True),
        ("Shop.put(pid, 1)", "assert Shop.all(pid) == 1", "puts", "warning", False),
        ("assert Shop.put(pid)", "a = state(pid)", "after a timeout", "info", False),
        ("Shop.put(pid, ttl: ttl)", "a = state(pid)", "after its ttl", "info", False),
    ],
)
def test_a_sleep_before_a_server_is_asked(
    before: str, after: str, name: str, weight: str, told: bool
) -> None:
    (finding,) = found(f"{before}\n      Process.sleep(100)\n      {after}", STATE, name)
    assert finding.severity == weight
    assert (MAIL in finding.evidence[0].note) is told
    about_time = finding.message.endswith(("so that time passes", "whose name speaks of time"))
    assert about_time is (weight == "info" and not told)


def test_a_test_about_time_is_told_once() -> None:
    twice = "Process.sleep(100)\n      go()\n      Process.sleep(200)"
    (finding,) = found(twice, name="expires")
    assert [e.line for e in finding.evidence] == [5, 7]
    assert len(found(twice)) == 2
    again = '  test "expires", do: Process.sleep(90)'
    assert [len(f.evidence) for f in found(twice, again, "expires")] == [2, 1]


@pytest.mark.parametrize(
    ("pause", "second", "then", "words"),
    [
        ("5", "Shop.at(:a)", "assert a == b", "~moves-clock"),
        ("50", "Shop.at(:a)", "assert a == b", "warning"),
        ("5", "Shop.at(:b)", "assert a == b", "info"),
        ("5", "Shop.at(:a)", "assert a < b", "~moves-clock"),
        ("5", "Shop.at(:a)", "assert a == 1", "info"),
    ],
)
def test_a_moment_between_two_equal_readings(
    pause: str, second: str, then: str, words: str
) -> None:
    body = f"a = Shop.at(:a)\n      Process.sleep({pause})\n      b = {second}\n      {then}"
    assert outcome(RULE, in_test(body)) == [words]


@pytest.mark.parametrize(
    ("test", "more", "words"),
    [
        ("Shop.Pause.other()", "", "~uncalled"),
        ("Shop.Pause.dawdle()", "", "warning"),
        ("Shop.run(:dawdle)", "", "warning"),
        ("Shop.Pause.other()", "def other, do: dawdle()", "warning"),
    ],
)
def test_helpers_that_nobody_calls(test: str, more: str, words: str) -> None:
    helper = f"defmodule Shop.Pause do\n  def dawdle, do: :timer.sleep(100)\n  {more}\nend\n"
    assert outcome(RULE, {**in_test(test), "test/support/pause.ex": helper}) == [words]


def test_of_a_moment_it_is_not_said_what_it_waits_for() -> None:
    (finding,) = analysed(rule(RULE), in_test("Process.sleep(5)")).findings
    assert finding.message == "the test sleeps (5 ms) so that a moment passes"


@pytest.mark.parametrize(
    ("before", "weight", "words"),
    [
        ("put(1)", "info", "in a test whose name speaks of time"),
        ("put(System.system_time(:second) - 60)", "warning", "whatever"),
        ("put(DateTime.add(DateTime.utc_now(), -60))", "warning", "whatever"),
        ("put(DateTime.add(DateTime.utc_now(), 60))", "info", "whose name speaks of time"),
        ("put(60 - System.system_time(:second))", "info", "whose name speaks of time"),
        ("expire(System.system_time(:second) - 60)", "info", "so that time passes"),
    ],
)
def test_of_old_data_the_sleep_is_no_lapse_of_time(before: str, weight: str, words: str) -> None:
    (finding,) = found(f"{before}\n      Process.sleep(200)\n      look()", name="drops the old")
    assert finding.severity == weight
    assert words in finding.message


EACH = "Enum.each(1..3, fn _ ->\n {}\n Process.sleep(90)\nend)"
TASK = "t = Task.async(fn -> f() end)\nProcess.sleep(90)\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (EACH.format("assert sold?()"), "between the rounds"),
        (EACH.format("eventually(sold?())") + "\nassert a()", "between the rounds"),
        (EACH.format("sell()") + "\nassert a()", "whatever has happened"),
        (TASK + "sell()\nTask.await(t)", "while a task runs"),
        (TASK + "Task.await(t)", "whatever has happened"),
        (TASK + "assert sold?()\nTask.await(t)", "whatever has happened"),
        ("a = look()\nif a == b do\n Process.sleep(90)\n look()\nend\nassert a", "once more"),
        ("a = see()\nif a == b do\n Process.sleep(90)\n look()\nend\nassert a", "whatever has"),
        ("sell()\nProcess.sleep(90)", "as the last thing"),
        ("expected(sell())\nProcess.sleep(90)", "as the last thing"),
        ("verify_card(sell())\nProcess.sleep(90)", "as the last thing"),
        ("mock |> expect(:sell)\nProcess.sleep(90)", "whatever has happened"),
        ("Mox.verify!(Shop)\nProcess.sleep(90)", "whatever has happened"),
        ("spawn_link(fn -> assert sold?() end)\nProcess.sleep(90)", "whatever has happened"),
        ("expect(Shop, :sell)\nProcess.sleep(90)", "whatever has happened"),
        ("sell()\nProcess.sleep(90)\nassert sold?()", "whatever has happened"),
        (
            "Process.sleep(90)\nassert a()\nrefute sold?(b)\nsell()\nassert sold?(b)",
            "is not so",
        ),
        ("Process.sleep(90)\nassert a()\nrefute sold?(b)\nsell()\nassert a()", "whatever has"),
        (
            "assert sold?(b)\nProcess.sleep(90)\nrefute sold?(b)\nsell()\nassert sold?(b)",
            "whatever has",
        ),
    ],
)
def test_where_it_stands(body: str, said: str) -> None:
    (finding,) = analysed(rule(RULE), in_test(body)).findings
    assert said in finding.message
    assert str(finding.severity) == ("warning" if said.startswith("whatever") else "info")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Process.sleep(50)\nassert took >= 50", ["~measured"]),
        ("Process.sleep(50)\nassert 50 <= took", ["~measured"]),
        ("Process.sleep(50)\nassert_in_delta took, 50, 20", ["~measured"]),
        ("Process.sleep(50)\nassert_in_delta took, 70, 20", ["warning"]),
        ("assert_in_delta took, 50, 20\nProcess.sleep(50)\nassert x()", ["warning"]),
        ("Process.sleep(50)\nassert took > 50 and took < 90", ["~measured"]),
        ("Process.sleep(50)\nassert took >= 50_000", ["~measured"]),
        ("Process.sleep(pause)\nassert took >= pause", ["~measured"]),
        ("Process.sleep(50)\nassert took <= 50", ["warning"]),
        ("Process.sleep(50)\nassert 50 >= took", ["warning"]),
        ("Process.sleep(50)\nassert took >= 40", ["warning"]),
        ("Process.sleep(50)\nassert length(sold) >= 50", ["warning"]),
        ("Process.sleep(50)\nrefute took > 50", ["warning"]),
        ("assert took >= 50\nProcess.sleep(50)", ["info"]),
        ("Process.sleep(50)\nlook()\nProcess.sleep(50)\nassert t > 50", ["warning", "~measured"]),
        ("Process.sleep(5)\nassert took >= 5", ["info"]),
    ],
)
def test_what_is_measured_needs_no_event(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_test(body)) == said


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("send(pid, {:expired, 1})", "whatever has happened"),
        ("pid |> send(:expire)", "whatever has happened"),
        ("GenServer.cast(pid, :expire)", "whatever has happened"),
        ("put(1, expires_in: 1)", "so that time passes"),
        ("# let it take the window update", "whatever has happened"),
        ("# the connection window grows", "whatever has happened"),
        ("# until the window is over", "so that time passes"),
    ],
)
def test_of_what_has_to_pass_words_of_messages_and_of_flow_control_say_nothing(
    before: str, said: str
) -> None:
    (finding,) = found(f"{before}\nProcess.sleep(200)\nlook()")
    assert said in finding.message


@pytest.mark.parametrize(
    ("before", "sign", "said"),
    [
        ("", "<", "~moves-clock"),
        ("", ">=", "~moves-clock"),
        ("", "!=", "~moves-clock"),
        ("# A comment.\n", "<", "~moves-clock"),
        ("sell()\n", "<", "info"),
        ("sell()\n", "==", "~moves-clock"),
    ],
)
def test_a_clock_is_moved_whichever_way_the_test_compares(
    before: str, sign: str, said: str
) -> None:
    body = f"{before}a = stamp()\nProcess.sleep(2)\nb = stamp()\nassert a {sign} b"
    assert outcome(RULE, in_test(body)) == [said]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", ["~simulated-work"]),
        ("test 'b' do\n  dawdle(1)\nend", ["warning"]),
    ],
)
@pytest.mark.parametrize("guard", ["", " when is_map(conn)"])
def test_a_head_among_the_tests_is_no_call(guard: str, more: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  describe "a" do
    test "a", do: run("dawdle")
    def dawdle(conn){guard} do
      Process.sleep(100)
      conn
    end
    {more}
  end
end
"""
    assert outcome(RULE, {"test/a_test.exs": code}) == said


def test_short_ones_of_a_test_are_told_once() -> None:
    (finding,) = found("Process.sleep(2)\n      go()\n      Process.sleep(2)\n      look()")
    assert [e.line for e in finding.evidence] == [5, 7]
    assert finding.severity == "info"


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("connects again", "in a group of tests whose name speaks of time"),
        ("expires", "in a test whose name speaks of time"),
    ],
)
def test_a_word_for_time_in_the_name_of_a_group(test: str, said: str) -> None:
    code = f"""
    defmodule Shop.StockTest do
      use ExUnit.Case
      describe "timeouts and errors" do
        test "{test}" do
          put(1)
          Process.sleep(200)
          look()
        end
      end
    end
    """
    (finding,) = analysed(rule(RULE), {"test/stock_test.exs": code}).findings
    assert finding.message.endswith(said)


@pytest.mark.parametrize(
    ("callers", "said"),
    [
        ("def open(x), do: spawn_link(fn -> listen(x) end)", ["~simulated-work"]),
        ("def open(x), do: Task.async(fn -> rest() && listen(x) end)", ["~simulated-work"]),
        ("def open(x), do: listen(x)", ["warning"]),
        ("def open(x), do: [spawn(fn -> listen(x) end), rest()]", ["warning"]),
        ("defp again(x), do: x && again(x) && listen(x)", ["warning"]),
        ("def open(x), do: x", ["warning"]),
        ("def open(x), do: Shop.Queue.process(&listen/1, x)", ["~simulated-work"]),
        ("def open(x), do: Enum.map(x, &listen/1)", ["warning"]),
        ("def open(x), do: [Shop.Queue.process(&listen/1, x), listen(x)]", ["warning"]),
    ],
)
def test_a_helper_that_only_a_process_started_here_runs(callers: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Listener do
  {callers}
  defp listen(x), do: x && rest()
  defp rest, do: Process.sleep(2_000)
end
"""
    assert outcome(RULE, {"test/support/listener.ex": code}) == said


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ("Shop.total_retry_time(x)", "~measured"),
        ("Shop.total_elapsed", "~measured"),
        ("Shop.total_retries(x)", "warning"),
        ("Shop.count(x)", "warning"),
    ],
)
def test_a_total_of_time_is_a_time(measured: str, said: str) -> None:
    assert outcome(RULE, in_test(f"Process.sleep(50)\n      assert {measured} >= 50")) == [said]


LIVES = """\
      {:ok, pid} = Shop.open()
      Process.sleep(100)
      assert Process.alive?(pid)
    end)"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"log = capture_log(fn ->\n{LIVES}\n    assert log =~ 'open'", "warning"),
        (f"{{_, log}} = with_log(fn ->\n{LIVES}\n    assert log =~ 'open'", "warning"),
        (f"assert capture_log(fn ->\n{LIVES} =~ 'open'", "warning"),
        (f"log = capture_log(fn ->\n{LIVES}\n    refute log =~ 'open'", "info"),
        (f"log = capture_log(fn ->\n{LIVES}\n    Shop.close()", "info"),
        (f"refute capture_log(fn ->\n{LIVES} =~ 'open'", "info"),
        (f"Enum.each([1], fn _ ->\n{LIVES}", "info"),
    ],
)
def test_a_life_that_is_checked_where_a_log_is_awaited(body: str, said: str) -> None:
    assert outcome(RULE, in_test(body)) == [said]


@pytest.mark.parametrize(
    ("group", "name", "before", "message"),
    [
        ("expiry", "works", "go()", "in a group of tests whose name speaks of time"),
        ("expiry", "works", "Shop.start_link([])", "whatever has happened by then"),
        ("expiry", "expires", "Shop.start_link([])", "in a test whose name speaks of time"),
        ("works", "works", "go()", "whatever has happened by then"),
    ],
)
def test_a_groups_name_says_little(group: str, name: str, before: str, message: str) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  describe "{group}" do
    test "{name}" do
      {before}
      Process.sleep(100)
      assert Shop.all() == []
    end
  end
end
"""
    (finding,) = analysed(rule(RULE), {"test/a_test.exs": code}).findings
    assert finding.message.endswith(message)


@pytest.mark.parametrize(
    ("before", "weight"),
    [("go(pid)", "info"), ("Process.exit(pid, :kill)", "warning"), ("Shop.close(pid)", "warning")],
)
def test_who_waits_after_an_end_may_find_the_old_state(before: str, weight: str) -> None:
    after = "await_open(pid)\n      assert pid"
    body = f"{before}\n      # a while\n      Process.sleep(50)\n      {after}"
    assert outcome(RULE, in_test(body)) == [weight]


@pytest.mark.parametrize(
    ("told", "said"),
    [("send(pid, :a)", "warning"), ("GenServer.cast(pid, :a)", "warning"), ("go(pid)", "info"),
     ("send(other, :a)", "info"), ("send(p, :a)", "info"),
     ("Process.exit(task, :kill)\n      refute Process.alive?(task)", "warning"),
     (":ok = GenServer.stop(task)", "warning"), ("Process.exit(self(), :normal)", "info")],
)  # fmt: skip
def test_a_life_that_is_checked_of_who_was_told_something(told: str, said: str) -> None:
    body = f"{told}\n      Process.sleep(100)\n\n      assert Process.alive?(pid)"
    assert outcome(RULE, in_test(body)) == [said]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("at = row.inserted_at", "assert %{inserted_at: ^at} = Shop.row()", "~moves-clock"),
        ("at = row.inserted_at", "assert Shop.row().inserted_at == at", "~moves-clock"),
        ("at = row.inserted_at\n      Shop.touch(row)", "assert at == Shop.at()", "warning"),
        ("at = row.inserted_at", "assert Shop.row()", "warning"),
        ("at = row.name", "assert %{name: ^at} = Shop.row()", "warning"),
    ],
)
def test_a_moment_that_is_kept(before: str, after: str, said: str) -> None:
    body = f"{before}\n      Process.sleep(100)\n      {after}"
    assert outcome(RULE, in_test(body)) == [said]


def test_what_has_expired_is_no_age() -> None:
    body = (
        "Shop.mark_expired(a)\n      Process.sleep(50)\n      Shop.mark_expired(b)\n      assert b"
    )
    assert outcome(RULE, in_test(body)) == ["warning"]


@pytest.mark.parametrize(
    ("after", "about"),
    [
        ("refute_received _\n      assert_receive :rung, 90", "early"),
        ("refute_received _\n\n      # now\n      assert_receive :rung", "early"),
        ("refute_received _\n      assert Shop.rung?()", "absence"),
        ("refute_received _", "absence"),
        ("assert_receive :rung\n      refute_received _", "event"),
    ],
)
def test_what_is_awaited_must_not_be_there_too_early(after: str, about: str) -> None:
    (finding,) = analysed(rule(RULE), in_test(f"Process.sleep(900)\n      {after}")).findings
    assert finding.data["about"] == about
    assert (finding.severity == "info") is (about != "event")
