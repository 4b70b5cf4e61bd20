"""Which started processes are one-off work, and which are services that must be restarted."""

from __future__ import annotations

import pytest

from bot.elixir.fixes.base import Declined, Proposal
from tests.elixir.fixes.spawn_shapes import shop
from tests.elixir.fixes.spawned import outcomes

START = "def run(c) do\n  spawn(fn -> serve(c) end)\n  :ok\nend\n\n"

ENDING = {
    "connection whose end has a clause": (
        "defp serve(c) do\n  case :gen_tcp.recv(c, 0) do\n    {:ok, d} ->\n"
        "      :gen_tcp.send(c, d)\n      serve(c)\n\n    {:error, _} ->\n      :ok\n  end\nend"
    ),
    "connection read by with": (
        "defp serve(c) do\n  with {:ok, d} <- :gen_tcp.recv(c, 0) do\n"
        "    :gen_tcp.send(c, d)\n    serve(c)\n  end\nend"
    ),
    "connection whose end fails to match, as in the guide": (
        "defp serve(c) do\n  c |> read_line() |> write_line(c)\n\n  serve(c)\nend\n\n"
        "defp read_line(c) do\n  {:ok, data} = :gen_tcp.recv(c, 0)\n  data\nend\n\n"
        "defp write_line(line, c), do: :gen_tcp.send(c, line)"
    ),
    "connection that exits normally": (
        "defp serve(c) do\n  case :ssl.recv(c, 0) do\n    {:ok, _} -> :ok\n"
        "    {:error, _} -> exit(:normal)\n  end\n\n  serve(c)\nend"
    ),
    "connection whose requests may wait": (
        "defp serve(c) do\n  case :gen_tcp.recv(c, 0) do\n    {:ok, key} ->\n"
        "      await(key)\n      serve(c)\n\n    {:error, _} ->\n      :ok\n  end\nend\n\n"
        "defp await(key) do\n  receive do\n    {:update, ^key} -> :ok\n"
        "    {:update, _} -> await(key)\n  end\nend"
    ),
    "two functions that call each other": (
        "defp serve(c) do\n  case :gen_tcp.recv(c, 0) do\n    {:ok, d} -> answer(c, d)\n"
        "    _ -> :gen_tcp.close(c)\n  end\nend\n\n"
        "defp answer(c, d) do\n  :gen_tcp.send(c, d)\n  serve(c)\nend"
    ),
    "messages until the connection is closed": (
        "defp serve(c) do\n  receive do\n    {:tcp, _, d} ->\n      :gen_tcp.send(c, d)\n"
        "      serve(c)\n\n    {:tcp_closed, _} ->\n      :ok\n  end\nend"
    ),
    "messages until the other process is gone": (
        "defp serve(c) do\n  receive do\n    {:DOWN, _, _, _, _} -> :ok\n"
        "    _ -> serve(c)\n  end\nend"
    ),
    "list": "defp serve([c | rest]), do: [c | serve(rest)]\ndefp serve([]), do: []",
    "countdown with pauses": (
        "defp serve(0), do: :ok\n\ndefp serve(n) do\n  Process.sleep(10)\n  serve(n - 1)\nend"
    ),
    "work after a message": (
        "defp serve(c) do\n  receive do\n    :go -> walk(c)\n  end\nend\n\n"
        "defp walk([_ | rest]), do: walk(rest)\ndefp walk([]), do: :ok"
    ),
}

LASTING = {
    "connection that nothing ends": (
        "defp serve(c) do\n  case :gen_tcp.recv(c, 0) do\n    {:ok, _} -> serve(c)\n"
        "    {:error, _} -> serve(c)\n  end\nend"
    ),
    "plain loop": "defp serve(c) do\n  IO.inspect(c)\n  serve(c)\nend",
    "loop that may raise": ('defp serve(c) do\n  if c > 3, do: raise("no")\n  serve(c)\nend'),
    "loop in a fallback clause": ("defp serve(c) do\n  if c, do: serve(c), else: serve(1)\nend"),
    "loop that catches its failures": (
        "defp serve(c) do\n  try do\n    {:ok, _} = :gen_tcp.recv(c, 0)\n  rescue\n"
        "    _ -> :ok\n  end\n\n  serve(c)\nend"
    ),
    "acceptor": (
        "defp serve(l) do\n  case :gen_tcp.accept(l) do\n    {:ok, c} ->\n"
        "      :gen_tcp.close(c)\n      serve(l)\n\n    {:error, _} ->\n      :ok\n  end\nend"
    ),
    "client that connects by itself": (
        "defp serve(h) do\n  {:ok, s} = :gen_tcp.connect(h, 1, [])\n  read(s)\nend\n\n"
        "defp read(s) do\n  case :gen_tcp.recv(s, 0) do\n    {:ok, _} -> read(s)\n"
        "    _ -> :ok\n  end\nend"
    ),
    "server that can be told to stop": (
        "defp serve(n) do\n  receive do\n    :more -> serve(n + 1)\n    :stop -> :ok\n  end\nend"
    ),
    "poll that may give up": (
        "defp serve(n) do\n  Process.sleep(10)\n  if ready?(n), do: :ok, else: serve(n)\nend\n\n"
        "defp ready?(n), do: n > 3"
    ),
    "two that never return": (
        "defp serve(c), do: other(c)\n\ndefp other(c) do\n  IO.inspect(c)\n  serve(c)\nend"
    ),
}


@pytest.mark.parametrize("name", ENDING)
def test_work_that_ends_is_one_job(name: str) -> None:
    (found,) = outcomes(shop(START + ENDING[name]))
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "automatic"


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_needs_a_restarting_child(name: str) -> None:
    (found,) = outcomes(shop(START + LASTING[name]))
    assert isinstance(found, Declined)
    assert "restarting child" in found.reason
