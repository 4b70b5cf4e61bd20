"""The job we run in: which run it belongs to, and how it is told what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.lifecycle.manifest import Handed
from bot.errors import Unusable
from bot.flows.stage_run.order import StageOrder, parse_order

INPUTS = "GENESIS_STAGE_INPUTS"
"""Variable with the JSON of the workflow's inputs: no input is ever a word of a script."""
RESULTS = "GENESIS_STAGE_RESULTS"
"""Variable with the JSON of `needs`, in the job that reports."""
TOKEN = "GENESIS_PUBLISH_TOKEN"  # noqa: S105 - the name of a variable
DEFAULT_BRANCH = "GENESIS_DEFAULT_BRANCH"
KEPT = "GENESIS_STAGE_KEPT"
"""`true` where the cache had what `prepare` would make."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{1,100}\Z")
_LINE = re.compile(r"[\w.-]*\Z")


@dataclass(frozen=True)
class Job:
    """One job of a workflow run."""

    repository: str
    run: int
    run_attempt: int
    server: str
    """`https://github.com`, without a slash at its end."""
    api: str
    inputs: str = field(repr=False)
    results: str = field(repr=False)
    token: str = field(default="", repr=False)
    """Only in `publish`."""
    default_branch: str = ""
    kept: bool = False
    """Only in `prepare`: a run before made the same."""
    output: Path | None = None
    summary: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Job:
        """From the variables a runner sets; raises `Unusable` outside of one."""
        get = environment.get
        repository, run = get("GITHUB_REPOSITORY", ""), get("GITHUB_RUN_ID", "")
        attempt = get("GITHUB_RUN_ATTEMPT", "1")
        if not _REPOSITORY.match(repository) or not run.isdecimal() or not attempt.isdecimal():
            raise Unusable(
                "this is no job of a workflow run",
                hint="on your own machine, `genesis run --stage N` does the same work",
            )
        return cls(
            repository=repository,
            run=int(run),
            run_attempt=int(attempt),
            server=get("GITHUB_SERVER_URL", "https://github.com").rstrip("/"),
            api=get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
            inputs=get(INPUTS, ""),
            results=get(RESULTS, ""),
            token=get(TOKEN, ""),
            default_branch=get(DEFAULT_BRANCH, ""),
            kept=get(KEPT, "") == "true",
            output=_path(get("GITHUB_OUTPUT", "")),
            summary=_path(get("GITHUB_STEP_SUMMARY", "")),
        )

    @property
    def remote(self) -> str:
        """Where git finds the repository."""
        return f"{self.server}/{self.repository}.git"

    def order(self) -> StageOrder:
        """What is asked for; raises `Unusable`."""
        return parse_order(self.inputs)

    def handed(self, order: StageOrder) -> Handed:
        """What every record made here says of itself."""
        return Handed(
            repository=self.repository,
            run=self.run,
            run_attempt=self.run_attempt,
            plan=order.plan,
            stage=order.stage,
            attempt=order.attempt,
            base=order.base,
        )

    def give(self, **values: str) -> None:
        """Outputs of the step; only single words, which cannot be mistaken for more."""
        if self.output is None:
            return
        with self.output.open("a", encoding="utf-8") as file:
            for name, value in values.items():
                assert _LINE.match(value), "an output of ours is one word"
                file.write(f"{name}={value}\n")

    def summarize(self, markdown: str) -> None:
        """Add to the job's summary page."""
        if self.summary is not None:
            with self.summary.open("a", encoding="utf-8") as file:
                file.write(f"{markdown.rstrip()}\n\n")


def _path(text: str) -> Path | None:
    return Path(text) if text else None
