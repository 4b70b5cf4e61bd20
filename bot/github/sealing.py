"""The seal on a plan's record: who may push to a repository can write one, and not seal it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

NONCE, SEAL = "Genesis-Nonce", "Genesis-Seal"
_PURPOSE = b"genesis: record of a plan\0"


@dataclass(frozen=True)
class Seal:
    """Made of the App's private key, so that all servers of one App have the same."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, private_key: str) -> Seal:
        """From the key in PEM."""
        return cls(hashlib.sha256(_PURPOSE + private_key.strip().encode()).digest())

    def sign(self, plan_id: str, tree: str, parent: str, nonce: str) -> str:
        """What stands in a commit: good for this state of this plan after that one only."""
        said = "\0".join((plan_id, tree, parent, nonce)).encode("utf-8", "surrogateescape")
        return hmac.digest(self.key, said, "sha256").hex()

    def fits(self, plan_id: str, commit: str) -> bool:
        """Whether the text of a commit object bears it."""
        head, _, message = commit.partition("\n\n")
        lines = [line.partition(" ") for line in head.split("\n")]
        parents = [value for name, _, value in lines if name == "parent"]
        tree = next((value for name, _, value in lines if name == "tree"), "")
        trailers = dict(line.split(": ", 1) for line in message.strip().split("\n") if ": " in line)
        wanted = self.sign(plan_id, tree, "".join(parents), trailers.get(NONCE, ""))
        return hmac.compare_digest(
            wanted.encode(), trailers.get(SEAL, "").encode("utf-8", "replace")
        )
