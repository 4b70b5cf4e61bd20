"""The job we run in: which run it belongs to, and how it is told what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.lifecycle.manifest import Handed
from bot.core.names import FULL_NAME
from bot.errors import Unusable
from bot.flows.stage_run.order import StageOrder, parse_order
from bot.flows.step_files import StepFiles

INPUTS = "GENESIS_STAGE_INPUTS"
"""Variable with the JSON of the workflow's inputs: no input is ever a word of a script."""
RESULTS = "GENESIS_STAGE_RESULTS"
"""Variable with the JSON of `needs`, in the job that reports."""
TOKEN = "GENESIS_PUBLISH_TOKEN"  # noqa: S105 - the name of a variable
DEFAULT_BRANCH = "GENESIS_DEFAULT_BRANCH"
KEPT = "GENESIS_STAGE_KEPT"
"""`true` where the cache had what `prepare` would make."""

_WORD = re.compile(r"[\w.-]*\Z")


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
    files: StepFiles = field(default_factory=StepFiles)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Job:
        """From the variables a runner sets; raises `Unusable` outside of one."""
        get = environment.get
        repository, run = get("GITHUB_REPOSITORY", ""), get("GITHUB_RUN_ID", "")
        attempt = get("GITHUB_RUN_ATTEMPT", "1")
        if not FULL_NAME.match(repository) or not run.isdecimal() or not attempt.isdecimal():
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
            files=StepFiles.of(environment),
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
        assert all(map(_WORD.match, values.values())), "an output of ours is one word"
        self.files.give(**values)
