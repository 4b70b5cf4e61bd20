"""What can go wrong with a repository; each is the caller's to turn into an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class RepositoryError(Exception):
    """The base of all of them."""


class GitFailed(RepositoryError):
    """git ended badly, ran too long (`code` -9) or wrote more than was allowed."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"{' '.join(argv[:8])!r} ended with {code}: {stderr.strip()[-500:]}")
        self.argv = tuple(argv)
        self.code = code
        self.stderr = stderr


class UnusableSource(RepositoryError):
    """A folder that no repository can be made from."""

    def __init__(self, source: Path, reason: str) -> None:
        super().__init__(f"{str(source)!r} cannot be imported: {reason}")


class UnknownObject(RepositoryError, LookupError):
    """No such revision, object or path, or one of another type than was asked for."""


class ObjectInvalid(RepositoryError, ValueError):
    """An object that git would not take: a bad path, mode, name or date."""


class TooLarge(RepositoryError):
    """More than is given out in one piece."""


class RefExists(RepositoryError):
    """It was to be created."""


class RefMissing(RepositoryError, LookupError):
    """It was to be changed or deleted."""


class RefMoved(RepositoryError):
    """It is not (any more) where the caller expected it."""


class RefRefused(RepositoryError):
    """git does not take the name or the object: a bad name, one inside another, a missing sha."""


class MergeConflict(RepositoryError):
    """`files` are the paths in conflict; none when the histories are unrelated."""

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__(f"conflicts in {list(files[:10])!r}")
        self.files = tuple(files)
