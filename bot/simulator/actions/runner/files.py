"""The environment files a step writes: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE, GITHUB_PATH."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.simulator.actions.runner.inside import read_bytes

MAX_BYTES = 2**20
"""GitHub's limit for a job's outputs and for a step's summary."""


class FileCommandError(ValueError):
    """A file whose content cannot be taken; the step fails with this text."""


def read_file(root: Path, path: Path, limit: int = MAX_BYTES) -> str:
    """The text of a regular file below `root`; a step may have put anything at its place."""
    try:
        return read_bytes(root, path, limit).decode("utf-8-sig", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FileCommandError(f"{path.name} cannot be read: {error.strerror}") from error


def parse_pairs(text: str) -> dict[str, str]:
    """`name=value` lines and `name<<DELIMITER` blocks."""
    pairs: dict[str, str] = {}
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            if not name or not delimiter:
                raise FileCommandError(
                    f"Invalid format '{line[:200]}'. Name must not be empty and delimiter must not"
                    " be empty"
                )
            pairs[name] = _block(lines, delimiter)
        elif equals > 0:
            pairs[line[:equals]] = line[equals + 1 :]
        else:
            raise FileCommandError(f"Invalid format '{line[:200]}'")
    return pairs


def _block(lines: Iterator[str], delimiter: str) -> str:
    block: list[str] = []
    for line in lines:
        if line == delimiter:
            return "\n".join(block)
        block.append(line)
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter[:100]}'")


def parse_paths(text: str) -> list[str]:
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]
