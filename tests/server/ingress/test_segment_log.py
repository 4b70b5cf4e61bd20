"""The writer of segments: where it begins, when it goes on to the next, what it does on failure."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.server.ingress.group_commit import NotKept
from bot.server.ingress.records import Delivery, Position, path_of, read, segments
from bot.server.ingress.segment_log import SegmentLog
from tests.server.ingress.support import kept


def delivery(name: str, size: int = 10) -> Delivery:
    return Delivery(name, "issues", b"x" * size, 1.5)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to let a file grow beyond that: EFBIG, half-way through a write."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_what_is_written_reads(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path / "inbox")
    log.write([delivery("1"), delivery("2")])
    log.write([delivery("3")])
    log.close()
    assert kept(tmp_path / "inbox") == [delivery("1"), delivery("2"), delivery("3")]


def test_only_we_may_read_what_came_in(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    log.write([delivery("1")])
    log.close()
    assert path_of(tmp_path, 1).stat().st_mode & 0o777 == 0o600


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment=300)
    for n in range(10):
        log.write([delivery(str(n))])
    log.write([delivery("large", 5000)])
    log.write([delivery("last")])
    log.close()
    assert len(segments(tmp_path)) > 3
    sizes = [path_of(tmp_path, n).stat().st_size for n in segments(tmp_path)]
    assert [s for s in sizes if s > 300] == [max(sizes)]
    assert [d.guid for d in kept(tmp_path)] == [*map(str, range(10)), "large", "last"]


def test_a_new_writer_touches_no_older_segment(tmp_path: Path) -> None:
    """Cutting a damaged one back, as it was once done, loses what stands behind the damage."""
    log = SegmentLog(tmp_path)
    log.write([delivery("1")])
    log.close()
    damaged = path_of(tmp_path, 1).read_bytes() + b"torn"
    path_of(tmp_path, 1).write_bytes(damaged)
    log = SegmentLog(tmp_path)
    log.write([delivery("2")])
    log.close()
    assert path_of(tmp_path, 1).read_bytes() == damaged
    assert [d.guid for d in kept(tmp_path)] == ["1", "2"]


def test_nothing_is_made_before_something_comes_in(tmp_path: Path) -> None:
    SegmentLog(tmp_path).close()
    assert segments(tmp_path) == []


def test_there_is_one_writer_at_a_time(tmp_path: Path) -> None:
    first = SegmentLog(tmp_path)
    with pytest.raises(NotKept, match="another process"):
        SegmentLog(tmp_path, turn=0)
    first.close()
    SegmentLog(tmp_path, turn=0).close()


def test_half_a_batch_is_taken_back_and_the_next_one_is_kept(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    log.write([delivery("1", 500)])
    with files_of_at_most(1000):
        with pytest.raises(NotKept):
            log.write([delivery("2", 100), delivery("3", 5000)])
        assert path_of(tmp_path, 1).stat().st_size < 1000
        assert [d.guid for d in kept(tmp_path)] == ["1"]
        log.write([delivery("4", 300)])
    log.close()
    assert [d.guid for d in kept(tmp_path)] == ["1", "4"]


def test_a_reader_that_saw_what_was_taken_back_still_sees_what_comes(tmp_path: Path) -> None:
    """Had the same segment been written again, it would look into the middle of a record."""
    log = SegmentLog(tmp_path)
    log.write([delivery("1")])
    ahead = Position(1, path_of(tmp_path, 1).stat().st_size + 77)
    with files_of_at_most(400), pytest.raises(NotKept):
        log.write([delivery("2", 5000)])
    log.write([delivery("3")])
    log.write([delivery("4")])
    log.close()
    assert [d.guid for d, _ in read(tmp_path, ahead)] == ["3", "4"]


def test_a_folder_that_is_gone_refuses_until_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    log = SegmentLog(folder)
    moved = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(NotKept):
        log.write([delivery("1")])
    moved.rename(folder)
    log.write([delivery("2")])
    log.close()
    assert [d.guid for d in kept(folder)] == ["2"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("A FULL DISK NEEDS A MOUNT, AND THAT NEEDS ROOT")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("NO FILE SYSTEM CAN BE MOUNTED HERE")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_until_there_is_room(small_disk: Path) -> None:
    log = SegmentLog(small_disk)
    log.write([delivery("1", 1000)])
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (900 * 1024))
    with pytest.raises(NotKept, match="No space left"):
        log.write([delivery("2", 500_000)])
    assert [d.guid for d in kept(small_disk)] == ["1"]
    filler.unlink()
    log.write([delivery("3", 500_000)])
    log.close()
    assert [d.guid for d in kept(small_disk)] == ["1", "3"]
