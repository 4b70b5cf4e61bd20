"""Gemini, over HTTP against a server that speaks the vendor's wire format."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from bot.llm.gemini import GeminiModel
from bot.llm.types import Part, Request
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import Say

KEY = "AIza-test-0123456789"


def model(server: GeminiServer, **more: Any) -> GeminiModel:
    options = {"model": "gemini-3.8-flash", "base_url": server.url, "pause": lambda _: None}
    return GeminiModel(SecretStr(KEY), **{**options, **more})


def ask(text: str = "Say hello.", **more: Any) -> Request:
    return Request(parts=(Part("instructions", text),), step="greet", **more)


def test_text_is_streamed_and_counted() -> None:
    heard: list[str] = []
    with GeminiServer([Say("Hello, world")]) as server:
        reply = model(server).complete(ask(), on_text=heard.append)
    assert reply.text == "Hello, world"
    assert "".join(heard) == "Hello, world"
    assert len(heard) > 1
    assert (reply.model, reply.stop_reason) == ("gemini-3.8-flash", "end")
    assert reply.usage.calls == 1
