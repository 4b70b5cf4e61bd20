"""How a child of a job's supervisor becomes a step's process. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from typing import Any

PR_SET_PDEATHSIG = 1
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""By the supervisor, but not by what it starts."""

libc = ctypes.CDLL(None, use_errno=True)


def run_step(order: dict[str, Any], limits: dict[str, Any]) -> None:
    """In the child: becomes the step's process or says why not. Never returns."""
    try:
        for number in (*IGNORED, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        output = os.open(order["output"], os.O_WRONLY)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 256)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        lower_limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
        lower_limit(resource.RLIMIT_NOFILE, limits["files"])
        if os.getuid() != 0:
            lower_limit(resource.RLIMIT_NPROC, processes_of_user() + 2 * limits["processes"])
        os.nice(limits["nice"])
        os.chdir(order["cwd"])
        os.execvpe(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - no shell, as meant
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(1, f"##[error]{order['argv'][0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def lower_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def processes_of_user() -> int:
    """How many threads the user runs now, for RLIMIT_NPROC counts them all."""
    total = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                total += len(os.listdir(f"/proc/{name}/task"))
    return total
