"""Chains of messages to oneself: how long they must be, and what is none."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "self-message-state-machine"
END = "def handle_info(:c, s), do: {:noreply, s}"


def said(*handlers: str, use: str = "GenServer") -> list[str]:
    lines = "\n  ".join(handlers)
    code = f"defmodule Shop.A do\n  use {use}\n  def init(s), do: {{:ok, s}}\n  {lines}\nend\n"
    return outcome(RULE, {"lib/a.ex": code})


def sends(state: str, following: str, how: str = "send(self(), {})") -> str:
    return (
        f"def handle_info({state}, s) do\n    {how.format(following)}\n    {{:noreply, s}}\n  end"
    )


@pytest.mark.parametrize(
    "how", ["send(self(), {})", "self() |> send({})", "Process.send(self(), {}, [])"]
)
def test_three_states_are_a_machine(how: str) -> None:
    assert said(sends(":a", ":b", how), sends(":b", ":c", how), END) == ["info"]


def test_continues_come_before_any_message() -> None:
    step = "def handle_continue(:{}, s), do: {{:noreply, s, {{:continue, :{}}}}}"
    end = "def handle_continue(:c, s), do: {:noreply, s}"
    assert said(step.format("a", "b"), step.format("b", "c"), end) == ["~continues"]


def test_a_continue_can_begin_it() -> None:
    first = "def handle_continue(:z, s) do\n    send(self(), :b)\n    {:noreply, s}\n  end"
    assert said(first, sends(":b", ":c"), END) == ["info"]


def test_a_cycle_is_one_machine() -> None:
    assert said(sends(":a", ":b"), sends(":b", ":c"), sends(":c", ":a")) == ["info"]


def test_own_functions_are_followed() -> None:
    helper = "defp onward(s), do: send(self(), {:b, s})"
    middle = sends("{:b, _}", ":c")
    first = "def handle_info(:a, s) do\n    onward(s)\n    {:noreply, s}\n  end"
    assert said(first, middle, END, helper) == ["info"]


@pytest.mark.parametrize(
    "handlers",
    [
        (sends(":a", ":b"), sends(":b", ":a")),
        (sends(":a", ":a"),),
        (sends(":a", ":b"), sends(":a", ":c"), sends(":b", ":x"), END),
        (sends(":a", ":b", "Process.send_after(self(), {}, 9)"), sends(":b", ":c"), END),
        (sends(":a", ":b", "send(s, {})"), sends(":b", ":c", "send(s, {})"), END),
        (sends(":a", ":b", "spawn(fn -> send(self(), {}) end)"), sends(":b", ":c"), END),
    ],
)
def test_what_is_none(handlers: tuple[str, ...]) -> None:
    assert said(*handlers) == []


def test_many_states_are_searched_quickly() -> None:
    states = [f":s{n}" for n in range(40)]
    every = "\n    ".join(f"send(self(), {state})" for state in states)
    dense = [sends(state, "", every.replace("{", "{{")) for state in states]
    assert said(*dense) == []


LATER = "Process.send_after(self(), {}, 9)"


def waits(state: str, following: str) -> str:
    """The handler tries again later, or goes on."""
    return (
        f"def handle_info({state}, s) do\n    if ready?(s), do: send(self(), {following}), "
        f"else: {LATER.format(state)}\n    {{:noreply, s}}\n  end"
    )


@pytest.mark.parametrize(
    ("handlers", "words"),
    [
        ((waits(":a", ":b"), sends(":b", ":c"), END), ["~in-line"]),
        ((waits(":a", ":b"), sends(":b", ":c"), sends(":c", ":c", LATER)), ["~in-line"]),
        ((waits(":a", ":b"), sends(":b", ":c"), sends(":c", ":a", LATER)), ["~in-line"]),
        ((waits(":a", ":b"), sends(":b", ":c"), sends(":c", ":a")), ["~in-line"]),
        ((sends(":a", ":b"), sends(":b", ":c"), sends(":c", ":a", LATER)), ["~in-line"]),
        ((sends(":a", ":b"), sends(":b", ":c"), END), ["info"]),
        ((sends(":a", ":b"), sends(":b", ":c"), sends(":c", ":a")), ["info"]),
        (
            (
                waits(":a", ":b"),
                sends(":b", ":c", "if odd?(s), do: send(self(), :d), else: send(self(), {})"),
                END,
                "def handle_info(:d, s), do: {:noreply, s}",
            ),
            ["info"],
        ),
        (
            (
                waits(":a", ":b"),
                sends(":b", ":c"),
                "def handle_info(:c, s) do\n"
                "    if odd?(s), do: send(self(), :a), else: send(self(), :d)\n"
                "    {:noreply, s}\n  end",
                "def handle_info(:d, s), do: {:noreply, s}",
            ),
            ["info"],
        ),
    ],
)
def test_steps_in_line_that_wait_are_no_states(handlers: tuple[str, ...], words: list[str]) -> None:
    assert said(*handlers) == words
