"""Tests that wait by sleeping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.about_time import is_about_time
from bot.elixir.rules.parts.simulated_work import is_uncalled
from bot.elixir.rules.parts.sleep_excuses import excuse
from bot.elixir.rules.parts.sleep_reasons import (
    NOTES,
    OF_A_SERVER,
    about_of,
    instead_of,
    test_name,
)
from bot.elixir.rules.parts.sleeps import sleeps_of
from bot.elixir.rules.parts.standing import above

_TESTS = ("test", "property", "feature", "scenario")
_WAITS = ("settling", "reading")


def starts(project: Project) -> list[str]:
    """Test files that speak of sleep."""
    return project.texts.holding(b"sleep(", among=project.of_role("test"))


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every sleep in a test, a set-up or a helper of a test file.

    Those of one test that are short or about time are told once, at the first.
    """
    for module in project.modules_in(path):
        yield from _in_module(module, project)


def _in_module(module: Module, project: Project) -> Iterator[Site | Exempt]:
    first: dict[int, Site] = {}
    for call, function in sleeps_of(module):
        exemption = excuse(call, function)
        if not exemption and is_uncalled(function, project):
            exemption = "uncalled"
        if exemption:
            yield Exempt(Span.of(module, call.node), exemption)
            continue
        site = _site(call, function)
        test = _test(call) if site.data["about"] in ("time", "named", "short") else None
        if test is None:
            yield site
        elif test.id in first:
            first[test.id] = _also(first[test.id], call)
        else:
            first[test.id] = site
    yield from first.values()


def _site(call: Call, function: Function | None) -> Site:
    span, duration = Span.of(call.owner, call.node), text(call.args[0]).replace("_", "")
    about = about_of(call, duration)
    note = NOTES[about]
    if about == "event" and function is not None:
        note = "a test that calls this helper can wait here, for a time and not for an event"
    debatable = about not in ("event", "server", *_WAITS)
    # The name of the test may be right: then the server counts the time that passes here.
    named = about == "server" and is_about_time(call, test_name(call), duration)
    instead = OF_A_SERVER if named else instead_of(call, about)
    return Site(
        span,
        f"the test sleeps ({text(call.args[0])} ms) {instead}",
        because=(Because(span, note),),
        severity="info" if debatable or named or about in _WAITS else None,
        confidence="low" if debatable or named else "medium",
        data={"duration": duration, "about": about},
    )


def _also(site: Site, call: Call) -> Site:
    more = Because(Span.of(call.owner, call.node), "the same test sleeps here too")
    return replace(site, because=(*site.because, more))


def _test(call: Call) -> Node | None:
    return next((a for a in above(call) if nodes.is_call_to(a, *_TESTS)), None)


RULE = Rule(
    id="sleep-in-tests",
    title="Sleeping in tests",
    category="tests",
    stage=4,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation="A test sleeps for a fixed time so that another process can get on.",
    harm=(
        "On a slow machine the time is too short and the test fails for no reason; on a fast "
        "one it is wasted. "
        "People then distrust the suite and re-run it."
    ),
    remedy=(
        "Wait for the event: `assert_receive`, a monitor and its `:DOWN`, a call that the "
        "server answers after its "
        "mail, or a bounded poll where nothing can be observed otherwise."
    ),
    triggers=(b"sleep(",),
    roles=("test",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample(
            """\
defmodule Shop.CartTest do
  use ExUnit.Case

  test "adds" do
    Shop.Cart.add(:apple)
    Process.sleep(100)
    assert Shop.Cart.items() == [:apple]
  end
end
""",
            path="test/cart_test.exs",
        ),
        Sample(
            """\
defmodule Shop.MailTest do
  use ExUnit.Case

  describe "mail" do
    setup do
      start_supervised!(Shop.Mail)
      :timer.sleep(500)
      :ok
    end

    test "is sent" do
      assert Shop.Mail.sent() == []
    end
  end
end
""",
            path="test/mail_test.exs",
        ),
        Sample(
            """\
defmodule Shop.HelpTest do
  use ExUnit.Case

  test "works" do
    settle()
    assert Shop.ready?()
  end

  defp settle, do: Process.sleep(50)
end
""",
            path="test/help_test.exs",
        ),
    ),
    good=(
        Sample(
            """\
defmodule Shop.CartTest do
  use ExUnit.Case

  test "tells" do
    Shop.Cart.add(:apple)
    assert_receive {:added, :apple}
  end
end
""",
            path="test/cart_test.exs",
        ),
        Sample("""\
defmodule Shop.Worker do
  def run do
    Process.sleep(100)
  end
end
"""),
        Sample(
            """\
defmodule Shop.TextTest do
  use ExUnit.Case

  test "code in a string" do
    assert Shop.eval("Process.sleep(10)") == :ok
  end
end
""",
            path="test/text_test.exs",
        ),
    ),
    exemptions=(
        Exemption(
            "stated",
            "a comment above it says that there is no better way, or that it does here",
            Sample(
                """\
defmodule Shop.CartTest do
  use ExUnit.Case

  test "sends a letter" do
    Shop.Post.send(:letter)
    # There is no good way to learn when the post has it.
    Process.sleep(500)
    assert Shop.Post.sent() == [:letter]
  end
end
""",
                path="test/cart_test.exs",
            ),
        ),
        Exemption(
            "parked",
            "a process that is there to stay until the test ends it",
            Sample(
                """\
defmodule Shop.HoldTest do
  use ExUnit.Case

  test "holds" do
    pid = spawn(fn -> Process.sleep(:infinity) end)
    assert Process.alive?(pid)
  end
end
""",
                path="test/hold_test.exs",
            ),
        ),
        Exemption(
            "polling",
            "a pause between two looks of a bounded wait",
            Sample(
                """\
defmodule Shop.PollTest do
  use ExUnit.Case

  test "comes up" do
    await(&Shop.up?/0, 50)
  end

  defp await(check, left) when left > 0 do
    if check.() do
      :ok
    else
      Process.sleep(10)
      await(check, left - 1)
    end
  end
end
""",
                path="test/poll_test.exs",
            ),
        ),
        Exemption(
            "simulated-work",
            "stands for slow work in a task, a handler, a stub or a span; the test itself does "
            "not wait by it",
            Sample(
                """\
defmodule Shop.SlowTest do
  use ExUnit.Case

  test "slow work" do
    task = Task.async(fn -> Process.sleep(200) end)
    assert Task.yield(task, 0) == nil
  end
end
""",
                path="test/slow_test.exs",
            ),
        ),
        Exemption(
            "fixture",
            "it belongs to a module that the test defines for itself: its slowness is the matter",
            Sample(
                """\
defmodule Shop.ReportTest do
  use ExUnit.Case

  test "names the slowest" do
    defmodule SlowTest do
      use ExUnit.Case

      test "is slow" do
        Process.sleep(20)
        assert Shop.open?()
      end
    end

    assert Shop.Report.slowest([SlowTest]) == SlowTest
  end
end
""",
                path="test/report_test.exs",
            ),
        ),
        Exemption(
            "uncalled",
            "a function of a helper module whose name stands nowhere else: no test waits by it",
            Sample(
                """\
defmodule Shop.Fixtures.Slow do
  def dawdle, do: :timer.sleep(100)
end
""",
                path="test/support/fixtures/slow.ex",
            ),
        ),
        Exemption(
            "moves-clock",
            "a moment between two equal readings which the test compares: only a clock that goes "
            "on could tell them apart",
            Sample(
                """\
defmodule Shop.StampTest do
  use ExUnit.Case

  test "keeps its stamp" do
    first = Shop.Stamp.of(:tea)
    Process.sleep(5)
    second = Shop.Stamp.of(:tea)
    assert first == second
  end
end
""",
                path="test/stamp_test.exs",
            ),
        ),
        Exemption(
            "outlasts",
            "longer than the expiry or the window that the same test gives: it cannot be too short",
            Sample(
                """\
defmodule Shop.OfferTest do
  use ExUnit.Case

  test "ends" do
    Shop.Offer.put(:tea, ttl: 10)
    Process.sleep(20)
    assert Shop.Offer.get(:tea) == nil
  end
end
""",
                path="test/offer_test.exs",
            ),
        ),
        Exemption(
            "measured",
            "its own length is what the test then asks for: no event can replace it",
            Sample(
                """\
defmodule Shop.WatchTest do
  use ExUnit.Case

  test "measures" do
    watch = Shop.Watch.start()
    Process.sleep(50)
    assert Shop.Watch.stop(watch) >= 50
  end
end
""",
                path="test/watch_test.exs",
            ),
        ),
        Exemption(
            "wall-clock",
            "waits until the time of day has come, of which no event tells",
            Sample(
                """\
defmodule Shop.LimitTest do
  use ExUnit.Case

  test "counts by the minute" do
    left = 60_000 - rem(System.system_time(:millisecond), 60_000)
    if left < 500, do: Process.sleep(left)
    assert Shop.Limit.left() == 10
  end
end
""",
                path="test/limit_test.exs",
            ),
        ),
        Exemption(
            "load",
            "a pause between the rounds of a loop that only loads; nothing is checked after it",
            Sample(
                """\
defmodule Shop.LoadTest do
  use ExUnit.Case

  test "bears load" do
    for _ <- 1..2_000 do
      Shop.Stock.count()
      Process.sleep(10)
    end
  end
end
""",
                path="test/load_test.exs",
            ),
        ),
    ),
)
