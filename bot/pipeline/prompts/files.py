"""Files a prompt may quote: those under given directories, and those a person named."""

from __future__ import annotations

from pathlib import Path

from bot.errors import Refused, Unusable

MAX_BYTES = 64_000_000


class ConfinedFiles:
    """Reads under `roots` (first match wins), plus exactly the `named` files."""

    def __init__(self, *roots: Path, named: tuple[Path, ...] = ()) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._named = frozenset(path.resolve() for path in named)

    def read(self, path: str) -> str:
        """The file's text, undecodable bytes replaced; raises `Refused` or `Unusable`."""
        if "\0" in path:
            raise Refused("a file path holds a NUL character")
        candidates = [Path(path), *(root / path for root in self._roots)]
        allowed = [
            found
            for found in (candidate.resolve() for candidate in candidates)
            if self._may_read(found)
        ]
        for found in allowed:
            if found.is_file():
                if found.stat().st_size > MAX_BYTES:
                    raise Refused(f"{path!r} is larger than {MAX_BYTES // 1_000_000} MB")
                return found.read_text("utf-8", errors="replace")
        if not allowed:
            raise Refused(f"{path!r} is outside the work tree")
        raise Unusable(f"there is no file {path!r}")

    def _may_read(self, path: Path) -> bool:
        if path in self._named:
            return True
        return any(
            path.is_relative_to(root) and ".git" not in path.relative_to(root).parts
            for root in self._roots
        )
