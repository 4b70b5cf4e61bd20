"""The process tree below a process, and how to kill all of it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable


def kill_all(find: Callable[[], list[int]]) -> None:
    """Stops what `find` gives until nothing new appears, then kills it; so no fork outruns it.

    Signals go to process groups: the kernel stops a group at once, against which even a fork bomb
    is helpless, while one signal a process would lose the race.
    """
    for _ in range(100):
        stopped: set[int] = set()
        while fresh := set(find()) - stopped:
            stopped |= fresh
            signal_groups(fresh, signal.SIGSTOP)
        alive = [pid for pid in stopped if not is_dead(pid)]
        signal_groups(alive, signal.SIGKILL)
        if not alive:
            return
        time.sleep(0.005)


def signal_groups(pids: Iterable[int], number: int) -> None:
    own = os.getpgid(0)
    groups: set[int] = set()
    for pid in pids:
        # What a step let run as another user is out of reach; all others are stopped.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            group = os.getpgid(pid)
            if group == own:
                send(pid, number)
            elif group not in groups:
                groups.add(group)
                os.killpg(group, number)


def send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def is_dead(pid: int) -> bool:
    """Gone or a zombie, which only awaits being collected."""
    return state_of(pid) in ("", "Z", "X")


def state_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return chr(file.read().rpartition(b") ")[2][0])
    except (OSError, IndexError):
        return ""


def name_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def descendants(root: int, enough: int = 1 << 30) -> list[int]:
    """The living processes below `root`; stops looking once there are `enough`."""
    found: list[int] = []
    todo = [root]
    while todo and len(found) < enough:
        for pid in children_of(todo.pop()):
            todo.append(pid)
            if not is_dead(pid):
                found.append(pid)
    return found


def children_of(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children += [int(word) for word in file.read().split()]
    return children
