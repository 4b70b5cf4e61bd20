"""What `use` of a project's own modules brings, as far as their quotes show."""

from __future__ import annotations

import pytest

from bot.core.plan import Change
from bot.elixir.analyze import survey
from bot.elixir.changed import with_changes
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree

MACRO = "defmodule Shop.Server do\n  defmacro __using__(opts) do\n    BODY\n  end\nend\n"
USER = "defmodule Shop.Desk do\n  use Shop.Server\n  def handle_info(:tick, s), do: s\nend\n"
QUOTE = "quote do\n      use GenServer\n    end"


def project(body: str, user: str = USER, path: str = "lib/server.ex") -> Project:
    files = {path: MACRO.replace("BODY", body), "lib/desk.ex": user}
    return survey(MemoryTree.of(files), jobs=1, rules=()).project


def behaviours(body: str, user: str = USER) -> tuple[str, ...]:
    return project(body, user).modules["Shop.Desk"].behaviours


@pytest.mark.parametrize(
    ("body", "brought"),
    [
        (QUOTE, ("GenServer",)),
        ("quote location: :keep do\n @behaviour GenServer\n end", ("GenServer",)),
        ("quote do\n use Supervisor\n @behaviour unquote(__MODULE__)\n end", ("Supervisor",)),
        ("[quote do\n use GenServer\n end, quote do\n use Shop.X\n end]", ("GenServer", "Shop.X")),
        ("quote do\n unquote(base())\n end\n end\n defp base do\n" + QUOTE, ("GenServer",)),
        ("alias Shop.Base, as: B\n quote do\n @behaviour B\n end", ("Shop.Base",)),
        ("if opts[:server] do\n" + QUOTE + "\n end", ()),
        ("quote do\n defmodule Inner do\n use GenServer\n end\n end", ()),
        ("quote do\n use unquote(opts[:with])\n end", ()),
        ("quote do\n # use GenServer\n :ok\n end", ()),
        ("quote do: unquote(again())\n end\n def again do\n quote do: unquote(again())", ()),
    ],
)
def test_what_a_quote_brings(body: str, brought: tuple[str, ...]) -> None:
    assert behaviours(body) == brought


def test_facts_and_syntax_both_see_the_server() -> None:
    found = project(QUOTE)
    assert found.modules["Shop.Desk"].implements("GenServer")
    assert is_server(found.module("Shop.Desk"))
    assert not is_server(project("quote do\n  :ok\n end").module("Shop.Desk"))


def test_a_word_chooses_the_quote_as_phoenix_generates_it() -> None:
    body = "apply(__MODULE__, opts, [])\n  end\n  def desk do\n    " + QUOTE
    assert behaviours(body, USER.replace("Server\n", "Server, :desk\n")) == ("GenServer",)
    assert behaviours(body, USER.replace("Server\n", "Server, :till\n")) == ()
    assert behaviours(body) == ()


def test_clauses_are_told_apart_by_their_word() -> None:
    body = "_ = opts\n  end\n  defmacro __using__(:desk) do\n    " + QUOTE
    assert behaviours(body, USER.replace("Server\n", "Server, :desk\n")) == ("GenServer",)
    assert behaviours(body) == ()


def test_uses_of_uses_end_even_in_a_circle() -> None:
    circle = "quote do\n use Shop.Server\n use Shop.Base\n end"
    base = MACRO.replace("BODY", QUOTE).replace("Shop.Server", "Shop.Base")
    assert behaviours(circle, USER + base) == ("Shop.Base", "GenServer")


def test_what_the_module_says_itself_is_not_doubled() -> None:
    user = USER.replace("use Shop.Server", "use GenServer\n  use Shop.Server")
    assert behaviours(QUOTE, user) == ()


def test_test_cases_bring_nothing() -> None:
    found = project(QUOTE, path="test/support/server.ex")
    assert found.usings == {}
    assert found.modules["Shop.Desk"].behaviours == ()


def test_a_part_of_a_project_is_read_as_in_the_whole() -> None:
    user = USER.replace("do: s", "do: Process.sleep(5_000)")
    whole = project(QUOTE, user)
    part = MemoryTree.of({"lib/desk.ex": user})
    rules = (rule("blocking-callback"),)
    alone = survey(part, jobs=1, rules=rules).analysis
    within = survey(part, jobs=1, rules=rules, usings=whole.usings).analysis
    assert (alone.exempted, alone.findings) == ((), ())
    assert [e.exemption for e in within.exempted] == ["no-clients"]


def test_changes_of_a_macro_change_its_users() -> None:
    before = project(QUOTE)
    change = Change(
        path="lib/server.ex",
        before=before.files["lib/server.ex"].decode(),
        after=MACRO.replace("BODY", "quote do\n use Agent\n end"),
    )
    after = with_changes(before, [change])
    assert after.module("Shop.Desk").behaviours == ["Agent"]
