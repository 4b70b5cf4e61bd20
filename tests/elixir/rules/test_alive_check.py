"""Looking whether a process is there, then asking it."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "alive-check"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("if Process.alive?(x), do: GenServer.call(x, :a)", ["info"]),
        ("if x != nil and Process.alive?(x), do: GenServer.stop(x)", ["info"]),
        ("if Process.alive?(x) do\n :ok\n else\n GenServer.call(x, :a)\n end", []),
        ("if not Process.alive?(x), do: GenServer.call(x, :a)", []),
        ("unless Process.alive?(x), do: GenServer.call(x, :a)", []),
        ("if Process.alive?(x) or x.old, do: GenServer.call(x, :a)", []),
        ("if Process.alive?(x), do: GenServer.call(Shop.Log, :a)", []),
        ("if Process.alive?(x), do: Shop.Till.close(x)", []),
        ("if Process.alive?(x), do: Process.exit(x, :kill)", ["info"]),
        ("if Process.alive?(x), do: send(x, :a)", ["info"]),
        ("Process.alive?(x) and GenServer.cast(x, :a)", ["info"]),
        ("Process.alive?(x) && Shop.fine?(x)", []),
        ("Process.alive?(x)", []),
        ("x |> Process.alive?() && GenServer.stop(x)", ["info"]),
        ("with true <- Process.alive?(x) do\n GenServer.call(x, :a)\n end", ["info"]),
        ("Enum.filter(x, &Process.alive?/1)", []),
        ("if Process.alive?(x), do: Task.start(fn -> GenServer.call(x, :a) end)", []),
        ("if pid = Process.whereis(x), do: GenServer.call(pid, :a)", ["info"]),
        ("if Process.whereis(x), do: GenServer.call(x, :a)", ["info"]),
        ("if Process.whereis(x) == nil, do: GenServer.call(x, :a)", []),
        ("if pid = GenServer.whereis(x), do: send(pid, :a)", []),
        (
            "with pid when is_pid(pid) <- Process.whereis(x) do\n GenServer.stop(pid)\n end",
            ["info"],
        ),
        (
            "if Process.alive?(x) do\n try do\n GenServer.stop(x)\n catch\n _, _ -> 1\n end\n end",
            ["~exits-caught"],
        ),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


def test_tests_may_look() -> None:
    code = in_function("if Process.alive?(x), do: GenServer.stop(x)")["lib/a.ex"]
    assert outcome(RULE, {"test/support/a.ex": code}) == []
