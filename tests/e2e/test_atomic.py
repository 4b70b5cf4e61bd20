"""The atomic pipelines on their own, as the vision calls them, with a model over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import inside
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import CallTool, SayJson
from tests.flows.support import SPAWNING, fingerprint, git, repository

ATOMIC = Path(__file__).resolve().parents[2] / "pipelines" / "atomic"
KEY = "sk-ant-" + "k" * 40
RAISING = SPAWNING.replace("    spawn(fun)\n    :ok\n", '    raise "no supervisor"\n')
TEST = """\
defmodule Shop.MailRaiseTest do
  use ExUnit.Case, async: true

  test "raises" do
    assert_raise RuntimeError, fn -> Shop.Mail.send_later(fn -> :ok end) end
  end
end
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENESIS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(tmp_path / "cache"))
    root = repository(tmp_path / "shop")
    monkeypatch.chdir(root)
    return root


def environment(server: AnthropicServer) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}


def test_refactor_file_follows_an_instruction_and_gives_a_diff(shop: Path) -> None:
    before = fingerprint(shop)
    edit = {"path": "lib/shop/mail.ex", "old": "    spawn(fun)\n    :ok\n"}
    script = [
        CallTool("read", {"path": "lib/shop/mail.ex"}),
        CallTool("edit", {**edit, "new": '    raise "no supervisor"\n'}),
        CallTool("run", {"task": "test"}),
        CallTool("done", {"summary": "It raises now."}),
    ]
    said = "In lib/shop/mail.ex, raise instead of calling spawn"
    with AnthropicServer(script) as server:
        ran = inside(
            "pipeline", "run", ATOMIC / "refactor_file.yaml", "--input", f"instruction={said}",
            env=environment(server),
        )  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    outputs = json.loads(ran.out)
    assert (outputs["status"], outputs["by_model"]) == ("applied", True)
    assert '+    raise "no supervisor"' in outputs["diff"]
    # It did as it was told, and that it broke a test is not kept from whoever reads this.
    assert outputs["last_test"].startswith("mix test --seed 0: FAILED with exit code 2")
    assert said in str(server.requests[0].body)
    assert fingerprint(shop) == before


def test_generate_test_writes_a_test_for_a_diff(shop: Path, tmp_path: Path) -> None:
    (shop / "lib/shop/mail.ex").write_text(RAISING)
    (tmp_path / "change.diff").write_text(git(shop, "diff") + "\n")
    git(shop, "checkout", "-q", ".")
    answer = {"path": "test/shop/mail_raise_test.exs", "content": TEST, "reason": ""}
    with AnthropicServer([SayJson(answer)]) as server:
        ran = inside(
            "pipeline", "run", ATOMIC / "generate_test.yaml",
            "--input", f"diff=@{tmp_path / 'change.diff'}", "--input", "title=Raise",
            env=environment(server),
        )  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert json.loads(ran.out)["path"] == answer["path"]
    assert "<data kind=" in str(server.requests[0].body)
    report = inside("pipeline", "show", "--json").data
    assert "assert_raise RuntimeError" in Path(report["patch"]).read_text()


def test_find_anti_pattern_needs_no_key(shop: Path) -> None:
    ran = inside(
        "pipeline", "run", ATOMIC / "find_anti_pattern.yaml",
        "--input", 'rules=["unsupervised-spawn"]',
    )  # fmt: skip
    found = json.loads(ran.out)["findings"]
    assert [(f["path"], f["line"]) for f in found] == [("lib/shop/mail.ex", 3)]


@pytest.mark.elixir
def test_run_verification_judges_the_tree_on_its_own(shop: Path) -> None:
    ran = inside("pipeline", "run", ATOMIC / "run_verification.yaml")
    assert ran.code == Exit.OK, ran.err
    assert json.loads(ran.out)["verdict"]["status"] == "passed"
