"""What Actions keep in files: logs, summaries, artifacts, caches, work folders."""

from __future__ import annotations

import contextlib
import errno
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from bot.simulator.actions.runner.clearing import empty


class Storage:
    """Everything is named by ids, never by what a stranger chose."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def work(self) -> Path:
        return self.root / "work"

    def append_log(self, job_id: int, step: int, lines: Sequence[str]) -> None:
        path = self._log(job_id, step)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.writelines(f"{line}\n" for line in lines)

    def log_files(self, job_id: int) -> list[tuple[int, Path]]:
        """(step number, file), in the order of the steps."""
        folder = self.root / "logs" / str(job_id)
        numbers = sorted(int(path.stem) for path in folder.glob("*.txt"))
        return [(number, self._log(job_id, number)) for number in numbers]

    def step_logs(self, job_id: int) -> list[tuple[int, str]]:
        """(step number, text), in the order of the steps."""
        files = self.log_files(job_id)
        return [(number, file.read_text("utf-8", "replace")) for number, file in files]

    def job_log(self, job_id: int) -> str | None:
        """None where nothing was written."""
        parts = self.step_logs(job_id)
        return "".join(text for _, text in parts) if parts else None

    def drop_logs(self, job_id: int) -> None:
        shutil.rmtree(self.root / "logs" / str(job_id), ignore_errors=True)

    def add_summary(self, job_id: int, markdown: str) -> None:
        path = self.root / "summaries" / f"{job_id}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(markdown)

    def summary(self, job_id: int) -> str:
        path = self.root / "summaries" / f"{job_id}.md"
        return path.read_text("utf-8", "replace") if path.is_file() else ""

    def drop_summary(self, job_id: int) -> None:
        (self.root / "summaries" / f"{job_id}.md").unlink(missing_ok=True)

    def artifact(self, artifact_id: int) -> Path:
        return self.root / "artifacts" / f"{artifact_id}.zip"

    def cache(self, cache_id: int) -> Path:
        return self.root / "caches" / f"{cache_id}.tar"

    def keep(self, source: Path, target: Path) -> int:
        """Gives its size. Raises OSError where a step has put something else in its place."""
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        status = target.lstat()
        if not stat.S_ISREG(status.st_mode):
            self.drop(target)
            raise OSError(errno.EINVAL, "it is not a regular file", source.name)
        return status.st_size

    def drop(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink()

    def clear_work(self) -> None:
        """What a simulator that was killed left behind."""
        with contextlib.suppress(OSError):
            empty(self.work, self.work)
            self.work.rmdir()

    def _log(self, job_id: int, step: int) -> Path:
        return self.root / "logs" / str(job_id) / f"{step}.txt"
