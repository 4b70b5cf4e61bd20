"""The process: what it acknowledged survives its end, and one follows the other without a gap."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.server.ingress.records import segments
from tests.server.ingress.support import (
    SECRET,
    Ingress,
    NotStarted,
    asking,
    headers_of,
    ingressing,
    kept,
    until,
)

BODY = json.dumps({"action": "opened", "text": "x" * 12_000}).encode()


class Load:
    """Clients that send one delivery after the other, and know which were acknowledged."""

    def __init__(self, ingress: Ingress, clients: int) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._url, self._stop = ingress.url, threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with asking() as client:
            while not self._stop.is_set():
                guid = str(uuid.uuid4())
                try:
                    answer = client.post(self._url, content=BODY, headers=headers_of(BODY, guid))
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    self.acknowledged.append(guid)
                else:
                    self.refused.append(answer.status_code)


@pytest.mark.parametrize("killed_after", [1, 150, 400])
def test_what_was_acknowledged_survives_kill_9_in_mid_load(
    tmp_path: Path, killed_after: int
) -> None:
    with ingressing(tmp_path) as ingress, Load(ingress, 8) as load:
        until(lambda: len(load.acknowledged) >= killed_after)
        ingress.process.send_signal(signal.SIGKILL)
        ingress.process.wait(30)
    found = [d.guid for d in kept(tmp_path)]
    assert set(load.acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert all(d.payload == BODY for d in kept(tmp_path))
    assert load.refused == []


def test_after_sigterm_what_came_in_is_kept_and_answered(tmp_path: Path) -> None:
    with ingressing(tmp_path) as ingress, Load(ingress, 8) as load:
        until(lambda: len(load.acknowledged) >= 100)
        ingress.process.terminate()
        ingress.process.wait(30)
    found = {d.guid for d in kept(tmp_path)}
    assert set(load.acknowledged) <= found
    assert len(found) - len(load.acknowledged) <= 8


def test_it_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    """Killed with -9, the parent cannot stop it, and the next one needs its port."""
    with ingressing(tmp_path) as ingress, asking() as client:
        assert client.post(ingress.url, content=BODY, headers=headers_of(BODY)).status_code == 202
        assert ingress.process.stdin is not None
        ingress.process.stdin.close()
        assert ingress.process.wait(30) == 0
    assert len(kept(tmp_path)) == 1


def test_the_next_one_waits_for_the_port_and_the_folder(tmp_path: Path) -> None:
    with ingressing(tmp_path) as first:
        port = first.port

        def leave() -> None:
            time.sleep(0.5)  # the time of the one before to end, not a wait for something
            first.process.terminate()

        leaving = threading.Thread(target=leave)
        leaving.start()
        with ingressing(tmp_path, port=port) as second, asking() as client:
            assert first.process.wait(30) is not None
            answer = client.post(second.url, content=BODY, headers=headers_of(BODY))
            assert answer.status_code == 202
        leaving.join()
    assert len(kept(tmp_path)) == 1


def test_the_secret_is_nowhere_that_others_can_look(tmp_path: Path) -> None:
    with ingressing(tmp_path) as ingress:
        place = Path("/proc") / str(ingress.process.pid)
        assert SECRET.encode() not in (place / "cmdline").read_bytes()
        assert SECRET.encode() not in (place / "environ").read_bytes()


def no_file_beyond_a_megabyte() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, 1024 * 1024))


def test_what_the_disk_does_not_take_is_answered_with_503_and_the_next_with_202(
    tmp_path: Path,
) -> None:
    acknowledged = []
    large = b"x" * (2 * 1024 * 1024)
    with ingressing(tmp_path, before=no_file_beyond_a_megabyte) as ingress, asking() as client:
        for n in range(30):
            body = large if n % 3 == 2 else BODY
            guid = str(uuid.uuid4())
            answer = client.post(ingress.url, content=body, headers=headers_of(body, guid))
            assert answer.status_code == (503 if body is large else 202)
            if body is BODY:
                acknowledged.append(guid)
    assert [d.guid for d in kept(tmp_path)] == acknowledged


def test_a_folder_that_cannot_be_made_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotStarted, match="Not a directory"), ingressing(tmp_path / "file" / "in"):
        pass


STRACE = ("-f", "-qq", "-s", "9000", "-e", "trace=write,writev,sendto,sendmsg,fdatasync,fsync")
KEPT = re.compile(r'write\(\d+<[^>]*\.log>, "')
GUIDS = re.compile(r'\\"guid\\": \\"')
SYNCED = re.compile(r"fdatasync\(\d+<[^>]*\.log>\)\s+= 0|fdatasync resumed>\)\s+= 0")
ANSWER = re.compile(r"HTTP/1\.1 (\d+)")


def strace(tmp_path: Path) -> list[str]:
    """The command that traces; skips, loudly, where nothing can be traced."""
    if shutil.which("strace") is None:
        pytest.skip("STRACE IS NOT INSTALLED: THE ORDER OF SYNC AND ANSWER IS NOT PROVED")
    command = ["strace", *STRACE, "-yy", "-o", str(tmp_path / "trace")]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"STRACE MAY NOT TRACE HERE: {tried.stderr.strip()[-200:]}")
    return command


def told(trace: Path) -> Iterator[tuple[str, int]]:
    """`written`, `synced` and `answered` in their order, with how many records or the status."""
    for line in trace.read_text(errors="replace").splitlines():
        if KEPT.search(line):
            yield "written", len(GUIDS.findall(line))
        elif SYNCED.search(line):
            yield "synced", 0
        elif found := ANSWER.search(line):
            yield "answered", int(found[1])


def test_no_answer_leaves_before_its_delivery_is_synced(tmp_path: Path) -> None:
    """Seen from outside, by the system calls of the process."""
    small = b'{"action": "opened"}'
    sent = 40
    with ingressing(tmp_path / "inbox", wrapped=strace(tmp_path)) as ingress, asking() as client:

        def send() -> None:
            for _ in range(sent // 4):
                answer = client.post(ingress.url, content=small, headers=headers_of(small))
                assert answer.status_code == 202

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        traced = int((Path("/proc") / str(ingress.process.pid) / "task").exists())
        assert traced
        with contextlib.suppress(ProcessLookupError):
            os.kill(_child_of(ingress.process.pid), signal.SIGTERM)
        ingress.process.wait(60)
    events = list(told(tmp_path / "trace"))
    waiting = synced = answered = 0
    for what, number in events:
        if what == "written":
            waiting += number
        elif what == "synced":
            synced, waiting = synced + waiting, 0
        elif number == 202:
            answered += 1
            assert answered <= synced, "acknowledged before it was synced"
    assert answered == synced == sent
    assert sum(what == "synced" for what, _ in events) >= 1


def _child_of(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[0])


def test_a_sync_that_fails_is_no_acknowledgement_and_the_next_one_is(tmp_path: Path) -> None:
    """The disk says EIO once; after that the file may look clean and is not."""
    failing = (*strace(tmp_path), "-e", "inject=fdatasync:error=EIO:when=3")
    answers = {}
    with ingressing(tmp_path / "inbox", wrapped=failing) as ingress, asking() as client:
        for n in range(6):
            guid = f"delivery-{n}"
            answer = client.post(ingress.url, content=BODY, headers=headers_of(BODY, guid))
            answers[guid] = answer.status_code
        os.kill(_child_of(ingress.process.pid), signal.SIGTERM)
        ingress.process.wait(60)
    assert list(answers.values()) == [202, 202, 503, 202, 202, 202]
    found = [d.guid for d in kept(tmp_path / "inbox")]
    assert found == [guid for guid, status in answers.items() if status == 202]
    assert len(segments(tmp_path / "inbox")) == 2, "the file that failed was written again"
