"""What GitHub itself tells of the jobs before; artifacts are believed as far as they fit it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Unusable


@dataclass(frozen=True)
class Results:
    """How the jobs before ended, and what they told: GitHub's word, not the artifacts'."""

    jobs: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> Results:
        """From the JSON of `needs`; raises `Unusable`."""
        try:
            found = json.loads(text)
        except ValueError:
            raise Unusable("the results of the jobs are no JSON") from None
        if not isinstance(found, dict):
            raise Unusable("the results of the jobs are no JSON object")
        return cls(found)

    def result(self, job: str) -> str:
        """`success`, `failure`, `cancelled` or `skipped`."""
        return str(self.jobs.get(job, {}).get("result") or "skipped")

    def digest(self, job: str) -> str:
        """SHA-256 of the file the job handed over; empty where it handed over none."""
        found = str(self.jobs.get(job, {}).get("outputs", {}).get("digest"))
        return found if re.fullmatch(r"[0-9a-f]{64}", found) else ""

    def why(self, job: str) -> str:
        """Why there is nothing of the job."""
        result = self.result(job)
        ended = "ended without a report" if result == "success" else f"ended with {result}"
        return f"the job `{job}` {ended}; its log says why"


def digest_of(data: bytes) -> str:
    """How a job tells of the file it hands over."""
    return hashlib.sha256(data).hexdigest()
