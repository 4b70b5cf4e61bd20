"""Both vendors, each with its adapter, its stand-in server and a few names, for shared tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot.llm.types import Part, Request, Tool
from bot.llm.vendors.anthropic import AnthropicModel
from bot.llm.vendors.gemini import GeminiModel
from bot.llm.vendors.vendor import VendorModel
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import VendorServer

READ = Tool(
    "read",
    "Read one file.",
    {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True)
class Kit:
    """What a test of one vendor needs."""

    vendor: str
    adapter: type[VendorModel]
    server: Callable[..., VendorServer]
    model: str
    other: str
    key: str
    pauses: list[float] = field(default_factory=list)

    def open(self, server: VendorServer, **more: Any) -> VendorModel:
        """The adapter, asking the server; pauses are noted instead of made."""
        options = {"model": self.model, "base_url": server.url, "pause": self.pauses.append}
        return self.adapter(SecretStr(self.key), **{**options, **more})


def anthropic_kit() -> Kit:
    """Claude."""
    return Kit(
        "anthropic",
        AnthropicModel,
        AnthropicServer,
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "sk-ant-test-key-0123456789",
    )


def gemini_kit() -> Kit:
    """Gemini."""
    return Kit(
        "gemini",
        GeminiModel,
        GeminiServer,
        "gemini-3.8-flash",
        "gemini-4-argon",
        "gemini-test-key-0123456789",
    )


def ask(text: str = "Say hello.", **more: Any) -> Request:
    """A request with one instruction."""
    return Request(parts=(Part("instructions", text),), step="greet", **more)
