"""A worker as a process of its own: `python -m tests.durable.worker JSON`, to be killed.

It writes a line for each thing that happens, and works until its standard input ends. A hint
works for as many seconds as its sender says.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from bot.core.events import Hint
from bot.durable import engine
from bot.durable.database import opened
from bot.durable.reacted import Reacted
from bot.durable.workers import Heart
from bot.settings import load_settings


def main(options: dict[str, object]) -> None:
    name = str(options["executor"])
    settings = load_settings(
        state_dir=Path(str(options["state"])), database_url=options.get("database") or None
    )

    def say(what: str, delivery: str = "") -> None:
        # One write: the lines of two processes must not run into each other.
        os.write(1, f"{what} {name} {delivery}\n".encode())

    def react(hint: Hint, tried: int) -> Reacted:
        say("begin", hint.delivery)
        time.sleep(float(hint.sender or 0))
        say("end", hint.delivery)
        return Reacted(status="done")

    def take_over(executor: str) -> int:
        count = engine.take_over(executor)
        say("took-over", f"{executor}:{count}")
        return count

    with opened(settings) as database:
        heart = Heart(database, name, take_over, lambda: say("lost"), beat=0.5, dead=2.5)
        if database.shared:
            heart.register()
        with engine.running(database.url, react, executor=name, drain=lambda: 1.0):
            if database.shared:
                heart.start()
            say("ready")
            for line in sys.stdin:
                hint = Hint.model_validate_json(line)
                engine.enqueue(hint)
                say("queued", hint.delivery)
        heart.stop()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
