"""An interruption ends the command wherever Python happens to be when it arrives."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.errors import Exit

PROGRAM = """
import os, signal, time
import bot.cli

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

def app(**options):
    {body}
    time.sleep(60)
    return 0

bot.cli.app = app
bot.cli.main()
"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("os.kill(os.getpid(), signal.SIGINT)", id="in plain code"),
        pytest.param("Finalised()", id="while an object is finalised"),
    ],
)
def test_an_interruption_is_never_lost(body: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == Exit.INTERRUPTED
    assert done.stderr == "interrupted; nothing is lost: run the same command again to go on\n"
