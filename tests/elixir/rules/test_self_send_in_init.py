"""Messages a server sends to itself before its first request."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("send(self(), :load)\n    {:ok, x}", True),
        ("send(self, :load)\n    {:ok, x}", True),
        ("self = owner(x)\n    send(self, :load)\n    {:ok, x}", False),
        ("%{self: self} = x\n    send(self, :load)\n    {:ok, x}", False),
    ],
)
def test_self_without_parentheses_is_a_call_unless_it_is_a_variable(body: str, said: bool) -> None:
    code = f"""\
defmodule Pool do
  use GenServer
  def init(x) do
    {body}
  end
  def handle_call(:all, _from, x), do: {{:reply, x, x}}
  def handle_info(:load, x), do: {{:noreply, Shop.load(x)}}
end
"""
    assert len(outcome("self-send-in-init", {"lib/pool.ex": code})) == said


LOGS = (
    'def handle_info(other, s) do\n    Logger.debug("#{inspect(other)}")\n    {:noreply, s}\n  end'
)
CALL, MESSAGE = "a call that arrives", "a message that arrives"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "~only-message"),
        ("def handle_info(_other, s), do: {:noreply, s}", "~only-message"),
        (LOGS, "~only-message"),
        ("def handle_info({_ref, :ok}, s), do: {:noreply, s}", "~only-message"),
        ("def handle_info({:DOWN, _, _, _, _}, s), do: {:noreply, [s]}", MESSAGE),
        ("def handle_info({:DOWN, _, _, _, _}, _), do: {:noreply, 0}", MESSAGE),
        ("def handle_info(other, s), do: {:noreply, Shop.add(s, other)}", MESSAGE),
        ("def handle_info(:close, s), do: {:stop, :normal, s}", MESSAGE),
        ("def handle_cast(:close, s), do: {:stop, :normal, s}", MESSAGE),
        ("def handle_call(:all, _from, s), do: {:reply, s, s}", CALL),
        ("use Shop.Server", MESSAGE),
    ],
)
def test_it_matters_what_else_can_come(more: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  require Logger
  def init(s) do
    send(self(), {{:tick, 1}})
    {{:ok, s}}
  end
  def handle_info({{:tick, n}}, s), do: {{:noreply, s + n}}
  {more}
end
"""
    analysis = analysed(rule("self-send-in-init"), code)
    notes = [f.evidence[0].note for f in analysis.findings]
    spared = [f"~{e.exemption}" for e in analysis.exempted]
    assert [words[: len(said)] for words in [*notes, *spared]] == [said]


@pytest.mark.parametrize(
    ("start", "init", "said"),
    [
        ("GenServer.start_link(__MODULE__, x)", ":ok", "~unknown-yet"),
        ("GenServer.start_link(__MODULE__, x, timeout: 9)", ":ok", "~unknown-yet"),
        ("GenServer.start_link(__MODULE__, x)", "send(self(), :a)", "~unknown-yet"),
        ("GenServer.start_link(__MODULE__, x)", "limit(x)", "~unknown-yet"),
        ("GenServer.start_link(__MODULE__, x, name: x)", ":ok", "info"),
        ("GenServer.start_link(__MODULE__, x, x)", ":ok", "info"),
        ("GenServer.start_link(__MODULE__, x)", "Shop.Bus.subscribe(x)", "info"),
        ("GenServer.start_link(__MODULE__, x)", "Process.register(self(), x)", "info"),
        ("GenServer.start_link(__MODULE__, x)", "Shop.Desks.take(self())", "info"),
        ("GenServer.start_link(__MODULE__, x)", "Task.start_link(fn -> x end)", "info"),
        ("GenServer.start_link(__MODULE__, x)", "me = self()\n    Shop.take(me)", "info"),
    ],
)
def test_who_knows_the_server_before_it_is_ready(start: str, init: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  def start_link(x), do: {start}
  def init(x) do
    send(self(), :load)
    {init}
    {{:ok, x}}
  end
  def handle_call(:all, _from, x), do: {{:reply, x, x}}
  def handle_info(:load, x), do: {{:noreply, Shop.load(x)}}
  defp limit(x), do: Keyword.fetch!(x, :limit)
end
"""
    assert outcome("self-send-in-init", {"lib/clock.ex": code}) == [said]


BELL = "GenServer.start_link(__MODULE__, x)"


@pytest.mark.parametrize(
    ("init", "start", "said"),
    [
        ("Shop.Bell.start_link(x)", BELL, "~unknown-yet"),
        ("GenServer.start_link(Shop.Bell, x)", BELL, "~unknown-yet"),
        ("Shop.Bell.start_link(self())", BELL, "info"),
        ("GenServer.start_link(Shop.Bell, self())", BELL, "info"),
        ("GenServer.start_link(Lib.Bell, x)", BELL, "info"),
        ("Agent.start_link(fn -> x end)", BELL, "info"),
        ("Shop.Bell.start_link(x)", "GenServer.start_link(__MODULE__, {self(), x})", "info"),
        ("Shop.Bell.start_link(x)", "GenServer.start_link(__MODULE__, mine(x))", "info"),
        ("Shop.Bell.start_link(x)", f"subscribed(x) && {BELL}", "info"),
        ("Shop.Bell.start_link(x)", "Lib.Bell.start_link(x)", "info"),
        ("Shop.Bell.start_link(x, 2)", BELL, "info"),
    ],
)
def test_a_server_that_is_not_told_who_starts_it(init: str, start: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  def start_link(x), do: GenServer.start_link(__MODULE__, x)
  def init(x) do
    {init}
    send(self(), :load)
    {{:ok, x}}
  end
  def handle_call(:all, _from, x), do: {{:reply, x, x}}
  def handle_info(:load, x), do: {{:noreply, Shop.load(x)}}
end
"""
    bell = f"""\
defmodule Shop.Bell do
  use GenServer
  def start_link(x), do: {start}
  def init(x), do: {{:ok, x}}
  defp mine(x), do: {{self(), x}}
  defp subscribed(x), do: Shop.Bus.subscribe(x)
end
"""
    assert outcome("self-send-in-init", {"lib/clock.ex": code, "lib/bell.ex": bell}) == [said]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("GenServer.start_link(Shop.Clock, x)", "~unknown-yet"),
        ("GenServer.start_link(Shop.Clock, x, name: x)", "info"),
        ("Supervisor.start_link([Shop.Clock], strategy: :one_for_one)", "info"),
    ],
)
def test_another_module_can_start_it(start: str, said: str) -> None:
    code = """\
defmodule Shop.Clock do
  use GenServer
  def init(x) do
    send(self(), :load)
    {:ok, x}
  end
  def handle_call(:all, _from, x), do: {:reply, x, x}
  def handle_info(:load, x), do: {:noreply, Shop.load(x)}
end
"""
    desk = f"defmodule Shop.Desk do\n  def open(x), do: {start}\nend\n"
    assert outcome("self-send-in-init", {"lib/clock.ex": code, "lib/desk.ex": desk}) == [said]


@pytest.mark.parametrize(
    ("other", "more", "init", "said"),
    [
        ("{:news, _text}", "", ":ok", "~brought-by-it"),
        ("{:news, _text}", "", "Shop.Wire.connect(x)", "info"),
        (":news", "", ":ok", "info"),
        ("news", "", ":ok", "info"),
        ("{:news, _text}", "def handle_cast(:a, x), do: {:noreply, x}", ":ok", "info"),
    ],
)
def test_messages_of_what_the_work_opens(other: str, more: str, init: str, said: str) -> None:
    code = f"""\
defmodule Shop.Feed do
  use GenServer
  def init(x) do
    send(self(), :open)
    {init}
    {{:ok, x}}
  end
  def handle_info(:open, x), do: open(x)
  def handle_info({other}, x), do: {{:noreply, Shop.add(x)}}
  {more}
  defp open(x), do: {{:noreply, Shop.Wire.connect(x)}}
end
"""
    assert outcome("self-send-in-init", {"lib/feed.ex": code}) == [said]
    still = code.replace("Shop.Wire.connect(x)}", "Shop.Wire.count(x)}")
    assert outcome("self-send-in-init", {"lib/feed.ex": still}) == ["info"]


@pytest.mark.parametrize(
    ("taker", "said"),
    [
        ("def handle_info(:load, x), do: {:noreply, x}", "~nothing-done"),
        ("def handle_info(:load, x), do: {:noreply, x, {:continue, :go}}", "info"),
        ("def handle_info(:load, x), do: {:noreply, [x]}", "info"),
        ("def handle_info(:load, %{y: x}), do: {:noreply, x}", "info"),
        ("def handle_info(:load, x), do: {:stop, :normal, x}", "info"),
        ("def handle_info(:load, x) do\n    Shop.load(x)\n    {:noreply, x}\n  end", "info"),
    ],
)
def test_a_message_for_which_nothing_is_done(taker: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  def init(x) do
    send(self(), :load)
    {{:ok, x}}
  end
  def handle_call(:all, _from, x), do: {{:reply, x, x}}
  {taker}
end
"""
    assert outcome("self-send-in-init", {"lib/clock.ex": code}) == [said]


@pytest.mark.parametrize(
    ("more", "init", "said"),
    [
        ("def handle_info(:shut, s), do: {:stop, :normal, s}", ":ok", "~only-message"),
        ("def handle_info(:open, s), do: {:noreply, [s]}", ":ok", "info"),
        ("def handle_info(:told, s), do: {:noreply, [s]}", ":ok", "info"),
        ("def handle_info({:told, x}, s), do: {:noreply, [x | s]}", ":ok", "info"),
        ("def handle_info(:shut, s), do: {:stop, :normal, s}", "send(self(), :shut)", "info"),
        ("def handle_info({ref, x}, %{ref: ref}), do: {:noreply, x}", ":ok", "~only-message"),
        ("def handle_info({ref, x}, %{ref: ref}), do: {:noreply, x}", "Shop.listen(s)", "info"),
        ("def handle_info({ref, x}, %{run: _}), do: {:noreply, {x, ref}}", ":ok", "info"),
        ("use Shop.Quiet", ":ok", "~only-message"),
        ("use Shop.Loud", ":ok", "info"),
        ("use Shop.Far", ":ok", "info"),
    ],
)
def test_messages_that_come_of_the_first(more: str, init: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  def init(s) do
    send(self(), :tick)
    {init}
    {{:ok, s}}
  end
  def handle_info(:tick, s) do
    Process.send_after(self(), :shut, 900)
    Process.send_after(self(), :told, 900)
    {{:noreply, Shop.tick(s)}}
  end
  {more}
end
"""
    others = """\
defmodule Shop.Quiet do
  defmacro __using__(_), do: quote(do: def(name, do: :quiet))
end
defmodule Shop.Loud do
  defmacro __using__(_), do: quote(do: def(handle_cast(_, s), do: {:noreply, s}))
end
defmodule Shop.Desk do
  def tell, do: send(Shop.Clock, :told)
  def shut, do: send(self(), :shut)
end
"""
    files = {"lib/clock.ex": code, "lib/others.ex": others}
    assert outcome("self-send-in-init", files) == [said]


@pytest.mark.parametrize(
    ("taken", "body", "said"),
    [
        ("{ref, _}", "Process.demonitor(ref, [:flush])", "~only-message"),
        ("{ref, _}", "Shop.take(ref)", "info"),
        ("{_, ref}", "Process.demonitor(ref, [:flush])", "info"),
    ],
)
def test_answers_of_its_tasks(taken: str, body: str, said: str) -> None:
    code = f"""\
defmodule Shop.Clock do
  use GenServer
  def init(s) do
    send(self(), :tick)
    {{:ok, s}}
  end
  def handle_info(:tick, s), do: {{:noreply, Shop.tick(s)}}
  def handle_info({taken}, s) do
    {body}
    {{:noreply, [s]}}
  end
end
"""
    assert outcome("self-send-in-init", {"lib/clock.ex": code}) == [said]
