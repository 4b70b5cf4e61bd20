"""What started a job of GitHub Actions that reacts: the repository, the event, the token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import SecretStr

from bot.core.events import Hint, hint_of
from bot.core.names import FULL_NAME
from bot.errors import Misused, Unusable
from bot.flows.react.post import Post
from bot.flows.step_files import event_of
from bot.settings import Settings

TOKEN = "GENESIS_JOB_TOKEN"  # noqa: S105 - the name of a variable
"""Variable with the job's own token, for where there is no App."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Occasion:
    """Outside of a job only `repository` is there."""

    repository: str
    event: str = ""
    """`issues`, `schedule`, ...; empty where nothing happened."""
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    token: SecretStr | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], named: str = "") -> Occasion:
        """From the variables a runner sets; `named` is the repository where somebody says it.

        An event of another repository than `named` is none. Raises `Misused`.
        """
        here = environment.get("GITHUB_REPOSITORY", "")
        repository = named or here
        if not FULL_NAME.match(repository):
            raise Misused(
                f"{repository!r} is no repository" if repository else "no repository is named",
                hint="name it as OWNER/NAME; in a job of GitHub Actions it is known",
            )
        token = environment.get(TOKEN, "").strip()
        secret = SecretStr(token) if token else None
        if repository.casefold() != here.casefold():
            return cls(repository, token=secret)
        event = environment.get("GITHUB_EVENT_NAME", "")
        return cls(repository, event, event_of(environment), secret)

    def post(self, settings: Settings) -> Post:
        """As our App where its key is here, else with the token of the job; raises `Unusable`."""
        if settings.github_app_id:
            return Post.open(settings)
        if self.token is None:
            raise Unusable(
                "neither an App nor the token of a job is here",
                hint=f"set GENESIS_GITHUB_APP_ID and GENESIS_GITHUB_PRIVATE_KEY, or {TOKEN}",
            )
        return Post.in_job(settings, self.token)

    def hint(self, ourselves: str) -> Hint | None:
        """What the event says, None where there is nothing in it for us.

        Whatever it is, the whole repository is looked at: a shape we do not know holds nothing up.
        """
        if not self.event:
            return None
        try:
            return hint_of("job", self.event, self.payload, ourselves=ourselves)
        except ValueError as error:
            log.warning("event_not_read", why=str(error))
            return None
