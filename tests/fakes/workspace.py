"""A code base in memory: the `Workspace` of tests that need no disk."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from bot.codebase.outlines import module_outlines, outline_text
from bot.codebase.paths import Glob, parts
from bot.core.finding import Finding
from bot.core.ports import CommandResult, Edited, Match, ModuleOutline
from bot.elixir.edit import file_diff
from bot.errors import NoMatch, Refused, Unusable


@dataclass
class MemoryWorkspace:
    """Files by path. `broken` paths refuse to be written, so that an operation fails half way."""

    files: dict[str, bytes] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    snapshots: dict[str, dict[str, bytes]] = field(default_factory=dict)
    restored: builtins.list[str] = field(default_factory=list)

    @classmethod
    def of(cls, files: Mapping[str, str]) -> MemoryWorkspace:
        """From texts."""
        return cls({path: text.encode() for path, text in files.items()})

    def texts(self) -> dict[str, str]:
        """Every file as text."""
        return {path: data.decode("utf-8", "replace") for path, data in sorted(self.files.items())}

    def read(self, path: str) -> str:
        try:
            return self._bytes(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(f"{path!r} is not UTF-8 (byte {error.start})") from error

    def write(self, path: str, content: str) -> Edited:
        before = self.files.get(path)
        self._put(path, content.encode())
        old = before.decode("utf-8", "replace") if before is not None else None
        diff = file_diff(path, old, content) if old != content else ""
        return Edited(path=path, diff=diff, created=before is None)

    def edit(
        self, path: str, old: str, new: str, *, every: bool = False, dry_run: bool = False
    ) -> Edited:
        text = self.read(path)
        count = text.count(old)
        if count == 0 or (count > 1 and not every):
            raise NoMatch(f"{path!r} holds the text {count} times")
        after = text.replace(old, new)
        if not dry_run:
            self._put(path, after.encode())
        return Edited(path=path, diff=file_diff(path, text, after), replacements=count)

    def remove(self, path: str) -> Edited:
        before = self._bytes(path).decode("utf-8", "replace")
        self._require_writable(path)
        del self.files[path]
        return Edited(path=path, diff=file_diff(path, before, None))

    def copy(self, source: str, destination: str) -> None:
        self._put(destination, self._bytes(source))

    def size(self, path: str) -> int:
        return len(self._bytes(path))

    def list(self, pattern: str = "**/*") -> tuple[str, ...]:
        glob = Glob.of(pattern)
        return tuple(path for path in sorted(self.files) if glob.matches(path))

    def search(
        self, pattern: str, *, glob: str = "**/*", literal: bool = False, limit: int = 200
    ) -> tuple[Match, ...]:
        found = [
            Match(path=path, line=number, text=line)
            for path in self.list(glob)
            for number, line in enumerate(self.read(path).splitlines(), 1)
            if pattern in line
        ]
        return tuple(found[:limit])

    def outline(self, path: str) -> str:
        return outline_text(path, self._bytes(path))

    def modules(self) -> tuple[ModuleOutline, ...]:
        sources = self.list("**/*.{ex,exs}")
        return tuple(m for path in sources for m in module_outlines(path, self.files[path]))

    def skeleton(self, *, max_tokens: int | None = None) -> str:
        return "\n".join(self.list())

    def findings(
        self, *, rules: tuple[str, ...] = (), paths: tuple[str, ...] = ()
    ) -> tuple[Finding, ...]:
        return ()

    def diff(self) -> str:
        return ""

    def mix(self, task: str, args: tuple[str, ...] = (), *, timeout: float = 900) -> CommandResult:
        _cannot_build()

    def run_test(self, paths: tuple[str, ...] = ()) -> CommandResult:
        _cannot_build()

    def run_credo(self) -> CommandResult:
        _cannot_build()

    def snapshot(self) -> str:
        name = f"s{len(self.snapshots)}"
        self.snapshots[name] = dict(self.files)
        return name

    def restore(self, snapshot: str) -> None:
        self.restored.append(snapshot)
        self.files = dict(self.snapshots[snapshot])

    def _bytes(self, path: str) -> bytes:
        parts(path)
        if path not in self.files:
            raise Refused(f"no such file: {path!r}")
        return self.files[path]

    def _put(self, path: str, data: bytes) -> None:
        parts(path)
        self._require_writable(path)
        self.files[path] = data

    def _require_writable(self, path: str) -> None:
        if path in self.broken:
            raise Refused(f"{path!r} cannot be written: the disk is full")


def _cannot_build() -> NoReturn:
    raise Unusable("cannot build here: a code base in memory runs nothing")
