"""God processes: several measures over their limits at once."""

from __future__ import annotations

import pytest

from bot.elixir.outline import modules_of
from bot.elixir.rules.god_process import (
    MAX_FIELDS,
    MAX_LINES,
    MAX_MESSAGES,
    code_lines,
    message_tags,
)
from bot.elixir.rules.parts.topics import topics_of
from bot.elixir.source import Source
from tests.elixir.rules.support import outcome

RULE = "god-process"


def server(messages: int, fields: int, lines: int = 0, verb: bool = False) -> dict[str, str]:
    struct = ", ".join(f"f{i}: nil" for i in range(fields))
    tags = [f"get_{i}" if verb else f"topic{chr(97 + i)}" for i in range(messages)]
    handlers = "\n".join(
        f"  def handle_cast({{:{t}, v}}, s), do: {{:noreply, {{s, v}}}}" for t in tags
    )
    work = "\n".join(f"    IO.puts({n})" for n in range(lines))
    head = f"defmodule A do\n  use GenServer\n  defstruct {struct}\n"
    code = f"{head}{handlers}\n  def work do\n{work}\n  end\nend\n"
    return {"lib/a.ex": code}


@pytest.mark.parametrize(
    ("messages", "fields", "lines", "said"),
    [
        (MAX_MESSAGES + 1, MAX_FIELDS + 1, MAX_LINES, ["warning"]),
        (MAX_MESSAGES + 1, MAX_FIELDS, 0, ["info"]),
        (8, MAX_FIELDS + 1, MAX_LINES, ["info"]),
        (8, MAX_FIELDS, MAX_LINES, []),
        (3, 3, 5, []),
    ],
)
def test_number_of_measures(messages: int, fields: int, lines: int, said: list[str]) -> None:
    assert outcome(RULE, server(messages, fields, lines)) == said


def test_a_large_module_that_is_no_server() -> None:
    code = server(30, 30, 800)["lib/a.ex"].replace("  use GenServer\n", "")
    assert outcome(RULE, {"lib/a.ex": code}) == []


def test_topics_are_nouns() -> None:
    assert topics_of(["add_item", "remove_items", "get_item", "set_price", "stop"]) == (
        "item",
        "price",
    )


def test_forms_of_a_word_are_one_topic_and_the_runtime_sends_none() -> None:
    tags = ["connection_lost", "connected", "DOWN", "tcp_closed", "timeout", "tcp_pool"]
    assert topics_of(tags) == ("connection", "tcp")


def test_a_long_protocol_handler_is_no_god() -> None:
    code = server(MAX_MESSAGES, MAX_FIELDS, MAX_LINES)["lib/a.ex"]
    assert outcome(RULE, {"lib/a.ex": code}) == []
    assert outcome(RULE, server(MAX_MESSAGES, MAX_FIELDS + 1, MAX_LINES)) == ["info"]


def test_topics_are_whole_words() -> None:
    tags = ["status", "set_status", "ps", "has_dependencies?", "items", "add_item"]
    assert topics_of(tags) == ("status", "items", "ps", "dependencies")


def test_how_something_went_and_of_what_kind_is_no_topic() -> None:
    tags = ["server_error", "service_unavailable", "check_full_access", "pong", "self", "event"]
    assert topics_of(tags) == ("access",)
    assert topics_of(["order_failed", "order", "auto_save_order"]) == ("order",)


def test_messages_that_share_a_noun_are_of_one_topic() -> None:
    tags = ["count_items", "peek_items", "unsold_item_ids", "find_shelf", "shelf_price", "am_fresh"]
    assert topics_of(tags) == ("items", "shelf", "fresh")
    assert topics_of(["cart_id", "user_id", "price_id"]) == ("cart", "user", "price")


def test_a_field_that_is_only_read_is_no_topic() -> None:
    struct = ", ".join(f"f{i}: nil" for i in range(MAX_FIELDS + 1))
    tags = [f"topic{chr(97 + i)}" for i in range(9)]
    reads = "\n".join(
        f"  def handle_call(:{t}, _, %A{{}} = s), do: {{:reply, s.f1 && {{:ok, s.f2}}, s}}"
        for t in tags
    )
    head = f"defmodule A do\n  use GenServer\n  defstruct {struct}\n"
    assert outcome(RULE, {"lib/a.ex": f"{head}{reads}\nend\n"}) == []
    works = reads.replace("s.f1 &&", "price(s.f1) &&")
    assert outcome(RULE, {"lib/a.ex": f"{head}{works}\nend\n"}) == ["info"]


def test_docs_comments_and_nested_modules_are_no_lines() -> None:
    code = b'''defmodule A do
  @moduledoc """
  many
  lines
  """
  def f do
    # a comment

    1
  end
  defmodule B do
    def g, do: 1
  end
end
'''
    assert code_lines(modules_of(Source("lib/a.ex", code))[0]) == 3


def test_tags_of_all_shapes_of_messages() -> None:
    code = b"""defmodule A do
  def handle_call({:a, _}, _, s), do: s
  def handle_call(:b, _, s), do: s
  def handle_call({:a, _, _} = m, _, s), do: {m, s}
  def handle_info(%{x: 1} = {:c, _}, s), do: s
  def handle_info(other, s), do: {other, s}
  def handle_event(:info, {:tcp, _}, _, s), do: s
  def handle_continue({:d, _}, s), do: s
end
"""
    assert message_tags(modules_of(Source("lib/a.ex", code))[0]) == ["a", "b", "c", "tcp"]


def test_short_words_that_differ_by_their_ending_are_one_topic() -> None:
    assert topics_of(["sell", "selled", "selling"]) == ("sell",)
    assert topics_of(["slashed", "slash"]) == ("slashed",)
    assert topics_of(["batch_size", "batches", "matching", "match"]) == ("batch", "matching")
    assert topics_of(["seed", "see", "ring", "red"]) == ("seed", "see", "ring", "red")


def sets(body: str, count: int = 26) -> dict[str, str]:
    fields = ", ".join(f"f{i}: nil" for i in range(MAX_FIELDS + 1))
    handlers = "\n".join(
        f"  def handle_call({{:set_{chr(97 + i)}topic, v}}, _from, s) do\n"
        + body.replace("FIELD", f"f{i}").replace("\n", "\n    ")
        + "\n  end"
        for i in range(count)
    )
    more = "  defp put(s, change), do: {:ok, Map.merge(s, change)}\n"
    head = f"defmodule A do\n  use GenServer\n  defstruct {fields}\n"
    return {"lib/a.ex": f"{head}{handlers}\n{more}end"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("c = %{FIELD: v}\n{reply, s} = put(s, c)\n{:reply, reply, s}", []),
        ("c = %{FIELD: v}\n{reply, s} = put(s, c)\nlog(v)\n{:reply, reply, s}", ["info"]),
        ("s = Shop.FIELD.put(s, v)\n{:reply, :ok, s}", ["info"]),
    ],
)
def test_one_helper_that_sets_one_thing_or_another(body: str, said: list[str]) -> None:
    found = outcome(RULE, sets(body))
    assert ["info" if word == "warning" else word for word in found] == said


def test_one_connection_is_a_long_machine_of_many_fields() -> None:
    machine = server(8, MAX_FIELDS + 1, MAX_LINES)["lib/a.ex"]
    assert outcome(RULE, {"lib/a.ex": machine}) == ["info"]
    code = machine.replace("use GenServer", "@behaviour :gen_statem")
    assert outcome(RULE, {"lib/a.ex": code}) == []


PHASES = ("idle", "{:opening, _}", "open", "closing")


@pytest.mark.parametrize(
    ("phases", "field", "others", "said"),
    [
        (PHASES, "step", 0, []),
        (PHASES, "step", 4, []),
        (PHASES, "step", 5, ["info"]),
        (("nil", "true", "false", "nil"), "step", 0, ["info"]),
        (PHASES[:2], "step", 0, ["info"]),
    ],
)
def test_a_server_that_goes_through_phases_is_a_machine(
    phases: tuple[str, ...], field: str, others: int, said: list[str]
) -> None:
    code = server(0, MAX_FIELDS + 1, MAX_LINES)["lib/a.ex"]
    atoms = [p if p.startswith("{") or p in ("nil", "true", "false") else f":{p}" for p in phases]
    taken = [f"%{{{field}: {atom}}} = state" for atom in atoms] + ["state"] * others
    taken += [f"%{{{field}: {atoms[0]}}} = state"] * (4 - len(atoms))
    clauses = "\n".join(
        f"  def handle_info({i}, {s}), do: {{:noreply, state}}" for i, s in enumerate(taken)
    )
    assert (
        outcome(RULE, {"lib/a.ex": code.rstrip().removesuffix("end") + clauses + "\nend\n"}) == said
    )


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Shop.Desk.list()", []),
        ("Shop.Desk.list(v)", []),
        ("Shop.Desk.list(s)", ["info"]),
        ("Shop.Desk.list(v) + 1", ["info"]),
        ("list(v)", ["info"]),
    ],
)
def test_messages_that_another_module_answers(reply: str, said: list[str]) -> None:
    handlers = "\n".join(
        f"  def handle_call({{:topic{chr(97 + i)}, v}}, _, s), do: {{:reply, {reply}, s}}"
        for i in range(MAX_MESSAGES + 1)
    )
    code = f"defmodule A do\n  use GenServer\n{handlers}\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == said


def test_to_open_and_to_close_are_no_topics() -> None:
    assert topics_of(["close", "open", "open_shelf", "close_shelf"]) == ("shelf",)
