"""`genesis show`: plans, stages and patches, whatever the analysed code holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import inside
from tests.flows.support import SHOP, git, repository

EVIL_PATH = "lib/e\x1b[31mvil|x`y.ex"
EVIL = """\
defmodule Shop.Evil do
  def a(x), do: String.to_atom("\x1b[2J\x1b]0;title\x07|```<!--" <> x)

  def later(fun) when is_function(fun, 0) do
    # \u202e\x1b[31m ``` <!-- |
    spawn(fun)
    :ok
  end

  def unquote(:"<!-- | `")(fun), do: spawn(fn -> fun.() end)
end
"""
HIDDEN = ("\x1b", "\x07", "\u202e")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = repository(tmp_path_factory.mktemp("show") / "shop", {**SHOP, EVIL_PATH: EVIL})
    assert inside("plan", root).code == Exit.OK
    return root


def test_a_plan_and_each_stage_have_their_own_document(shop: Path) -> None:
    assert inside("show", "--repo", shop).out.startswith("# OTP refactoring plan for shop\n")
    for number in range(1, 6):
        ran = inside("show", "local-1", "--repo", shop, "--stage", str(number))
        assert ran.out.startswith(f"# Stage {number}: ")
        kept = git(shop, "ls-tree", "--name-only", "refs/genesis/plan-local-1").split()
        (name,) = [n for n in kept if n.startswith(f"stage-{number}-")]
        assert git(shop, "show", f"refs/genesis/plan-local-1:{name}") == ran.out.strip()


def test_json_is_the_plan_the_stage_or_the_action(shop: Path) -> None:
    plan = inside("show", "--repo", shop, "--json").data
    assert inside("show", "--repo", shop, "--json", "--stage", "1").data == plan["stages"][0]
    action = plan["stages"][0]["actions"][0]
    named = inside("show", "--repo", shop, "--json", "--action", action["id"])
    assert named.data == action


def test_an_action_is_found_by_how_its_id_begins(shop: Path) -> None:
    ran = inside("show", "--repo", shop, "--action", "1-add-task")
    assert ran.out.startswith("--- a/lib/shop/application.ex\n+++ b/lib/shop/application.ex\n")
    shown = inside("show", "--repo", shop, "--action", "5-watch-supervise")
    assert shown.out == "5-watch-supervise-spawn is advice: there is no patch\n"


def test_a_patch_keeps_every_byte_of_the_code(shop: Path, tmp_path: Path) -> None:
    actions = inside("show", "--repo", shop, "--json").data["stages"][0]["actions"]
    patch = next(a for a in actions if a["diff"] and "vil|x" in a["diff"])
    git(shop, "clone", "-q", str(shop), str(tmp_path / "clone"))
    text = inside("show", "--repo", shop, "--action", patch["id"]).out
    assert "\x1b[2J" in text, "a pipe gets the code as it is"
    (tmp_path / "p.patch").write_bytes(text.encode())
    git(tmp_path / "clone", "apply", "--check", str(tmp_path / "p.patch"))


@pytest.mark.parametrize(
    "args",
    [
        ("analyze",),
        ("analyze", "--format", "markdown"),
        ("analyze", "--format", "text", "--color"),
        ("plan",),
        ("plan", "--json"),
        ("show", "--stage", "1", "--repo"),
        ("show", "--json", "--repo"),
        ("log", "--repo"),
    ],
)
def test_no_escape_of_the_analysed_code_reaches_the_reader(
    shop: Path, args: tuple[str, ...]
) -> None:
    front = ("--color",) if "--color" in args else ()
    ran = inside(*front, *(a for a in args if a != "--color"), shop)
    assert ran.code == Exit.OK, ran.err
    ours = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;4m", "\x1b[33m", "\x1b[36m")
    text = ran.out
    for code in ours if front else ():
        text = text.replace(code, "")
    assert not [h for h in HIDDEN if h in text + ran.err]


def test_tables_and_code_blocks_hold(shop: Path) -> None:
    for args in (("plan", shop), ("analyze", shop, "--format", "markdown")):
        text = inside(*args).out
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        assert any("vil" in row for row in rows)
        for row in rows:
            bars = row.replace("\\|", "").count("|")
            assert bars in (4, 5, 6), row
            assert row.endswith(" |")
        fences = [line for line in text.splitlines() if line.startswith("```")]
        assert len(fences) % 2 == 0
    stage = inside("show", "--repo", shop, "--stage", "1").out
    assert "````elixir" in stage, "code with a fence of its own gets a longer one"
