"""One agent, two vendors: the same script over HTTP does the same work and tells the same story."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.worktree import Worktree
from bot.llm.agents.agent import AgentReport, run_agent
from bot.llm.agents.tools import WorkspaceTools
from bot.llm.types import Model, Part, Request
from bot.llm.vendors.anthropic import AnthropicModel
from bot.llm.vendors.gemini import GeminiModel
from tests.codebase.support import open_in
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import Call, CallTool, Line, Say, VendorServer

SCHEMA = {
    "type": "object",
    "required": ["changed"],
    "properties": {"changed": {"type": "array", "items": {"$ref": "#/$defs/path"}}},
    "additionalProperties": False,
    "$defs": {"path": {"type": "string"}},
}
SCRIPT: tuple[Line, ...] = (
    Say(
        "I look first.",
        calls=(Call("read", {"path": "lib/shop.ex"}), Call("search", {"pattern": "world"})),
        thinking="Where is it?",
    ),
    CallTool("edit", {"path": "lib/shop.ex", "old": "hello, do: :welt", "new": "x"}),
    CallTool("edit", {"path": "lib/shop.ex", "old": 1}),
    CallTool("delete", {"path": "lib/shop.ex"}),
    Say("That did not work."),
    CallTool("edit", {"path": "lib/shop.ex", "old": ":world", "new": ":shop"}, thinking="So."),
    CallTool("done", {"summary": "It says shop.", "data": {"changed": "lib/shop.ex"}}),
    CallTool("done", {"summary": "It says shop.", "data": {"changed": ["lib/shop.ex"]}}),
)

Vendor = tuple[Callable[..., VendorServer], Callable[[str], Model]]
KEY = SecretStr("test-key-0123456789")


def claude(url: str) -> Model:
    return AnthropicModel(KEY, model="claude-opus-5-5", base_url=url, pause=lambda _: None)


def gemini(url: str) -> Model:
    return GeminiModel(KEY, model="gemini-4-argon", base_url=url, pause=lambda _: None)


VENDORS: dict[str, Vendor] = {
    "anthropic": (AnthropicServer, claude),
    "gemini": (GeminiServer, gemini),
}


def work(vendor: str, directory: Path) -> tuple[AgentReport, str, VendorServer]:
    """The report of an agent that works through SCRIPT, its patch, and the vendor's server."""
    repository = open_in(directory)
    tree = Worktree.create(repository, "genesis/1/stage-1", repository.head, directory / "work")
    codebase = Codebase(WorkFiles(tree.project), worktree=tree)
    request = Request(
        parts=(Part("instructions", "Make it say shop."),),
        output_schema=SCHEMA,
        system="You know Elixir.",
        step="fix",
    )
    make_server, make_model = VENDORS[vendor]
    with make_server(SCRIPT) as server:
        report = run_agent(make_model(server.url), request, WorkspaceTools(codebase))
    return report, codebase.diff(), server


def story(report: AgentReport) -> list[object]:
    """What was said, called and answered, without what only a vendor cares for."""
    return [
        (
            turn.role,
            turn.text,
            [(call.name, dict(call.arguments)) for call in turn.calls],
            [(result.name, result.text, result.failed) for result in turn.results],
        )
        for turn in report.transcript
    ]


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_agent_works_over_each_vendors_wire(vendor: str, tmp_path: Path) -> None:
    report, patch, server = work(vendor, tmp_path)
    assert (report.status, report.reason) == ("done", "")
    assert report.data == {"changed": ["lib/shop.ex"]}
    assert report.steps == len(SCRIPT) == len(server.requests)
    assert "+  def hello, do: :shop" in patch
    failed = [result.failed for turn in report.transcript for result in turn.results]
    assert failed == [False, False, True, True, True, False, True, False]
    assert report.usage.calls == len(SCRIPT)
    assert report.usage.input_tokens > 0


def test_both_vendors_tell_the_same_story(tmp_path: Path) -> None:
    one, first_patch, _ = work("anthropic", tmp_path / "a")
    other, second_patch, _ = work("gemini", tmp_path / "b")
    assert story(one) == story(other)
    assert first_patch == second_patch
    assert (one.text, one.data, one.steps) == (other.text, other.data, other.steps)


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_conversation_so_far_is_read_from_the_vendors_cache(
    vendor: str, tmp_path: Path
) -> None:
    report, _, _ = work(vendor, tmp_path)
    assert report.usage.cache_share > 0.5
