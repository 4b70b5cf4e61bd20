"""Forked processes that are asked again and again, and keep what they have opened in between."""

from __future__ import annotations

import gc
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from traceback import format_exception
from typing import TYPE_CHECKING, Any, cast

from bot.errors import Unusable

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess


@dataclass(frozen=True)
class Order:
    """A method with its arguments, which must be picklable, as its result must be."""

    method: str
    arguments: tuple[Any, ...]
    prefers: int | None = None
    """The worker that should do it, for what it has kept; others do once they have nothing else."""


@dataclass(frozen=True)
class Done:
    """What came of an order."""

    number: int
    """Its place among the orders."""
    worker: int
    result: Any


class Crew:
    """So many processes, each with the object as it was when they were forked.

    A pool of the standard library hands work to any of its processes; here each can be given what
    fits to the files it holds. They end with `close`, and with the process that made them.
    """

    def __init__(self, of: object, processes: int) -> None:
        # Imported late: most runs have too little to do for a second process.
        from multiprocessing import get_context

        context = get_context("fork")
        self._lines: list[Connection] = []
        self._processes: list[ForkProcess] = []
        gc.freeze()
        try:
            for number in range(processes):
                ours, theirs = context.Pipe()
                others = (*self._lines, ours)
                process = context.Process(
                    target=_serve, args=(theirs, of, others), name=f"crew-{number}", daemon=True
                )
                process.start()
                theirs.close()
                self._lines.append(ours)
                self._processes.append(process)
        finally:
            gc.unfreeze()

    def __len__(self) -> int:
        return len(self._lines)

    def all_do(self, method: str, *arguments: Any) -> None:
        """Let every process call the method; raises as `do` does."""
        from multiprocessing.reduction import ForkingPickler

        order = ForkingPickler.dumps((method, arguments))
        for line in self._lines:
            with suppress(BrokenPipeError):  # told by the answer that does not come
                line.send_bytes(order)
        for worker in range(len(self)):
            self._taken(worker)

    def do(self, orders: Iterable[Order]) -> Iterator[Done]:
        """The results as they come; those that anybody may do begin first, in their order.

        Work begins with the first order, while the next ones are still thought of. Raises what a
        method raised, and `Unusable` where a process is gone; the crew can only be closed then.
        """
        queue = _Queue([deque() for _ in self._lines])
        busy: dict[Connection, tuple[int, int]] = {}
        for number, order in enumerate(orders):
            queue.put(number, order)
            self._hand_out(queue, busy)
            yield from self._collected(busy, 0)
        while busy or self._hand_out(queue, busy):
            yield from self._collected(busy, None)
            self._hand_out(queue, busy)

    def close(self) -> None:
        """End all processes, whatever they are at.

        Nobody waits until they have given back all their memory: `multiprocessing` takes note of
        their end when the next ones are made, or at exit.
        """
        for line, process in zip(self._lines, self._processes, strict=True):
            line.close()
            process.terminate()
        self._lines.clear()
        self._processes.clear()

    def _hand_out(self, queue: _Queue, busy: dict[Connection, tuple[int, int]]) -> bool:
        """Give each idle process the next order, if there is one; whether any was given."""
        given = False
        for worker, line in enumerate(self._lines):
            if line not in busy and (found := queue.next_for(worker)) is not None:
                number, order = found
                self._give(worker, order)
                busy[line] = worker, number
                given = True
        return given

    def _collected(
        self, busy: dict[Connection, tuple[int, int]], timeout: float | None
    ) -> Iterator[Done]:
        from multiprocessing.connection import wait

        for line in cast("list[Connection]", wait(list(busy), timeout)):
            worker, number = busy.pop(line)
            yield Done(number, worker, self._taken(worker))

    def _give(self, worker: int, order: Order) -> None:
        with suppress(BrokenPipeError):  # told by the answer that does not come
            self._lines[worker].send((order.method, order.arguments))

    def _taken(self, worker: int) -> Any:
        try:
            fine, result = self._lines[worker].recv()
        except (EOFError, ConnectionResetError) as error:
            process = self._processes[worker]
            process.join(1)
            raise Unusable(
                f"a process of the analysis ended, with code {process.exitcode}",
                hint="if memory is short here, -j 1 needs least of it",
            ) from error
        if not fine:
            raise result
        return result


@dataclass
class _Queue:
    own: list[deque[tuple[int, Order]]]
    """What each worker should do; another one takes of it from the end."""
    common: deque[tuple[int, Order]] = field(default_factory=deque)

    def put(self, number: int, order: Order) -> None:
        (self.common if order.prefers is None else self.own[order.prefers]).append((number, order))

    def next_for(self, worker: int) -> tuple[int, Order] | None:
        for queue in (self.common, self.own[worker]):
            if queue:
                return queue.popleft()
        fullest = max(self.own, key=len)
        return fullest.pop() if fullest else None


def _serve(line: Connection, of: object, others: Sequence[Connection]) -> None:
    """Do what the line says until its only other end is closed, or gone with the maker."""
    # Whoever interrupts the maker means it alone: it ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.disable()
    for other in others:
        other.close()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            method, arguments = line.recv()
            line.send(_answer(of, method, arguments))


def _answer(of: object, method: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, getattr(of, method)(*arguments)
    except Exception as error:
        error.add_note("".join(format_exception(error)))
        return False, error
