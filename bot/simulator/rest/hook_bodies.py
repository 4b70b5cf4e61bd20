"""A hook's configuration as requests give it."""

from __future__ import annotations

from typing import Literal

from bot.simulator.domain.apps.hooks import Config
from bot.simulator.errors import invalid
from bot.simulator.rest.bodies import Body


class ConfigBody(Body):
    url: str | None = None
    content_type: str | None = None
    secret: str | None = None
    insecure_ssl: str | int | None = None

    def config(self) -> Config:
        """What was given. GitHub takes any other content type for "form".

        Raises:
            ApiError: 422 for an `insecure_ssl` that is neither 0 nor 1.
        """
        config = Config()
        if self.url is not None:
            config["url"] = self.url
        if self.given("secret"):
            config["secret"] = self.secret or ""
        if self.content_type is not None:
            config["content_type"] = "json" if self.content_type == "json" else "form"
        if self.insecure_ssl is not None:
            config["insecure_ssl"] = _insecure(str(self.insecure_ssl))
        return config


def _insecure(value: str) -> Literal["0", "1"]:
    if value == "0":
        return "0"
    if value == "1":
        return "1"
    raise invalid("Hook", "insecure_ssl", "custom", "insecure_ssl is neither 0 nor 1")
