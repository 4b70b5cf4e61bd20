"""Credo for projects that have none: in a project of our own beside them, which reads their source.

Nothing is ever added to the project that is looked at, not even for a moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.toolchain import Toolchain
from bot.core.verdict import Diagnostic

_TEMPLATES = Path(__file__).parent / "templates" / "credo"
FILES = ("mix.exs", "mix.lock")
"""What it is made of: Credo and what it needs, each by its checksums."""
MIX_ENV = "prod"


@dataclass(frozen=True)
class CredoBeside:
    """One installed Credo; its folder is shown to the sandbox read-only."""

    folder: Path

    @classmethod
    def at(cls, cache_dir: Path, tools: Toolchain) -> CredoBeside:
        """Its place: another one for each Credo, Elixir and OTP."""
        texts = b"\0".join((_TEMPLATES / name).read_bytes() for name in FILES)
        digest = hashlib.sha256(texts).hexdigest()[:12]
        return cls(cache_dir / "credo" / f"{digest}-{tools.version}-{tools.otp}")

    @property
    def build(self) -> Path:
        """MIX_BUILD_PATH."""
        return self.folder / "_build"

    @property
    def ready(self) -> bool:
        """Whether it is there as a whole."""
        return (self.folder / "ready").is_file()

    @property
    def start(self) -> tuple[str, ...]:
        """What `elixir` is told to run it."""
        code = self.build / "lib" / "*" / "ebin"
        return ("-pa", str(code), "-e", "Credo.CLI.main(System.argv())")

    def lay_out(self) -> None:
        """Write the project, for mix to fetch and compile."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (self.folder / name).write_bytes((_TEMPLATES / name).read_bytes())

    def done(self) -> None:
        """It compiled: from now on it is used."""
        (self.folder / "ready").touch()

    def environment(self) -> dict[str, str]:
        """Variables by which mix finds Credo and nothing of the project."""
        return {
            "MIX_ENV": MIX_ENV,
            "MIX_BUILD_PATH": str(self.build),
            "MIX_DEPS_PATH": str(self.folder / "deps"),
        }


def within(issues: tuple[Diagnostic, ...], root: Path) -> tuple[Diagnostic, ...]:
    """With paths relative to the project: seen from beside it, Credo names whole ones."""
    found = []
    for issue in issues:
        path = Path(issue.path)
        if path.is_absolute():
            if not path.is_relative_to(root):
                continue
            issue = issue.model_copy(update={"path": path.relative_to(root).as_posix()})
        found.append(issue)
    return tuple(found)
