"""A push that has arrived whole, landed by git with the push rules in its update hook."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import IO

from bot.simulator.git.pktlines import BrokenLine, joined, read_lines, side_band
from bot.simulator.git.policy import PushPolicy
from bot.simulator.git.process import run
from bot.simulator.git.repository import BareRepository
from bot.simulator.git.rulings import SEPARATOR, Command, Ruling, rulings

SECONDS = 300.0
COMMAND = re.compile(rb"([0-9a-fA-F]{40}) ([0-9a-fA-F]{40}) ([^\0\n]+)\n?")
SHALLOW = b"shallow "
MOST_COMMANDS = 10_000
REPORT, HOOK = 1, "update"
DECLINED = b"\2error: hook declined to update %s\n"
"""What git adds to the hook's own words."""


async def receive_pack(
    repository: BareRepository, policy: PushPolicy, body: IO[bytes], *, protocol: str, limit: int
) -> bytes:
    """git's answer to the push in `body`, of at most `limit` bytes. To be called in `writing()`.

    Raises BrokenLine for what is no push, GitFailed where git takes too long.
    """
    commands, multiplexed = read_commands(body)
    listed = rulings(policy, commands)
    with tempfile.TemporaryDirectory(prefix="incoming-", dir=repository.path) as folder:
        rules = _write_hook(Path(folder), listed)
        body.seek(0)
        output = await run(
            (
                *("-c", f"core.hooksPath={folder if listed else '/dev/null'}"),
                *("-c", f"receive.maxInputSize={limit}"),
                *("receive-pack", "--stateless-rpc", str(repository.path.absolute())),
            ),
            cwd=repository.path,
            stdin=body,
            extra={"GIT_PROTOCOL": protocol, "PUSH_RULES": str(rules)},
            accept=range(-255, 256),
            seconds=SECONDS,
        )
        declined = _declined(rules.with_name(f"{rules.name}.declined"))
    return restate(output.stdout, declined, multiplexed)


def read_commands(body: IO[bytes]) -> tuple[list[Command], bool]:
    """What a push asks for, and whether its answer is to be in bands.

    Raises BrokenLine also for a line that asks for nothing we know, such as the certificate of a
    signed push: git must not read a command out of it that no rule was asked about.
    """
    commands: list[Command] = []
    multiplexed = False
    for number, line in enumerate(read_lines(body)):
        if line is None:
            break
        if number > MOST_COMMANDS:
            raise BrokenLine("a push of too many refs")
        text, _, abilities = line.partition(b"\0")
        multiplexed = multiplexed or b"side-band-64k" in abilities.split()
        if match := COMMAND.fullmatch(text):
            old, new, ref = (part.decode(errors="surrogateescape") for part in match.groups())
            commands.append(Command(ref, old.lower(), new.lower()))
        elif not text.startswith(SHALLOW):
            raise BrokenLine(f"{text[:20]!r} asks for no update of a ref")
    return commands, multiplexed


def restate(answer: bytes, declined: Mapping[str, str], multiplexed: bool) -> bytes:
    """The answer with GitHub's words, where git has only `hook declined`."""
    try:
        lines = list(read_lines(io.BytesIO(answer)))
        if not multiplexed:
            return joined(_restated(line, declined) for line in lines)
        report = b"".join(line[1:] for line in lines if line and line[0] == REPORT)
        inner = joined(_restated(line, declined) for line in read_lines(io.BytesIO(report)))
        needless = [DECLINED % ref.encode(errors="surrogateescape") for ref in declined]
        others = [line for line in lines if _is_told(line) and line not in needless]
        return joined(others[:-1]) + b"".join(side_band(REPORT, inner)) + joined(others[-1:])
    except BrokenLine:
        return answer


def _is_told(line: bytes | None) -> bool:
    return line is None or line[:1] != bytes((REPORT,))


def _restated(line: bytes | None, declined: Mapping[str, str]) -> bytes | None:
    if line is None or not line.startswith(b"ng "):
        return line
    ref, _, reason = line[3:].decode(errors="surrogateescape").rstrip("\n").partition(" ")
    if reason == "hook declined":
        reason = declined.get(ref, reason)
    elif reason == "deletion of the current branch prohibited":
        reason = f"refusing to delete the current branch: {ref}"
    return f"ng {ref} {reason}\n".encode(errors="surrogateescape")


def _write_hook(folder: Path, listed: list[Ruling]) -> Path:
    """Written anew for each push, as a package's files may have lost their mode."""
    hook = folder / HOOK
    hook.write_bytes(files(__package__).joinpath("hooks", HOOK).read_bytes())
    hook.chmod(0o700)
    rules = folder / "rules"
    rules.write_text("".join(r.line() for r in listed), errors="surrogateescape")
    return rules


def _declined(path: Path) -> dict[str, str]:
    """The first answer for each refused ref."""
    reasons: dict[str, str] = {}
    if path.exists():
        for line in path.read_text(errors="surrogateescape").split("\n")[:-1]:
            ref, answer, file = line.split(SEPARATOR)
            reasons.setdefault(ref, answer.replace("{path}", file))
    return reasons
