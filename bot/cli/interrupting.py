"""Ctrl-C and the system's signals as an exception that comes through."""

from __future__ import annotations

import signal
import sys
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.05
"""Seconds until an interruption that came to nothing is raised once more."""


class Interrupted(BaseException):
    """A person or the system asked us to stop; children are killed on its way up."""


def listen() -> None:
    """Raise `Interrupted` in the main thread for each of the signals that is not ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _unraisable


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second signal must not cut the cleaning up short.
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise Interrupted


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Python drops what is raised while an object is finalised: then it is raised again later."""
    if not isinstance(what.exc_value, Interrupted):
        sys.__unraisablehook__(what)
        return
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
