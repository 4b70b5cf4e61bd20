"""What started a job of GitHub Actions that reacts: the repository, the event, the token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from bot.core.events import Hint, hint_of
from bot.errors import Misused, Unusable
from bot.flows.react.post import Post
from bot.settings import Settings

TOKEN = "GENESIS_JOB_TOKEN"  # noqa: S105 - the name of a variable
"""Variable with the job's own token, for where there is no App."""
LARGEST = 64 * 1024 * 1024

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{1,100}\Z")

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
        if not _REPOSITORY.match(repository):
            raise Misused(
                f"{repository!r} is no repository" if repository else "no repository is named",
                hint="name it as OWNER/NAME; in a job of GitHub Actions it is known",
            )
        token = environment.get(TOKEN, "").strip()
        secret = SecretStr(token) if token else None
        if repository.casefold() != here.casefold():
            return cls(repository, token=secret)
        path = environment.get("GITHUB_EVENT_PATH", "")
        payload = _payload(Path(path)) if path else {}
        return cls(repository, environment.get("GITHUB_EVENT_NAME", ""), payload, secret)

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


def _payload(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        log.warning("event_not_read", why=type(error).__name__)
        return {}
    return found if isinstance(found, dict) else {}
