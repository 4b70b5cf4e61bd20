"""Files a run leaves beside its work: `output_to_file`, confined to the run's output directory."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import Refused

LONGEST_NAME = 200


def write_output(directory: Path, name: str, *, data: Any, text: str) -> Path:
    """Write one result atomically; `.json` gets the data, anything else the text.

    `name` is a relative path; raises `Refused` for one that leaves `directory`.
    """
    target = directory.joinpath(*_pieces(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(directory.resolve()) or target.is_symlink():
        raise Refused(f"output file {name!r} leads outside the output directory")
    body = text
    if target.suffix == ".json":
        shown = text if data is None else data
        body = json.dumps(shown, ensure_ascii=False, indent=2, default=str) + "\n"
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".genesis-")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(body)
    os.chmod(temporary, 0o644)
    os.replace(temporary, target)
    return target


def _pieces(name: str) -> tuple[str, ...]:
    plain = name.strip()
    pieces = PurePosixPath(plain).parts
    bad = not pieces or "\0" in plain or "\\" in plain or plain.startswith("/")
    if bad or ".." in pieces or len(plain) > LONGEST_NAME:
        raise Refused(f"output file {name!r} is not a relative path below the output directory")
    return pieces
