"""actions/upload-artifact, version 4: names are unique in a run, contents never change."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.host import ArtifactRefused
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.globs import GlobError, find_files
from bot.simulator.actions.runner.inside import new_file, open_file, path_of
from bot.simulator.actions.runner.use import Use

INPUTS = {
    "name": "artifact",
    "path": "",
    "if-no-files-found": "warn",
    "retention-days": "",
    "compression-level": "6",
    "overwrite": "false",
    "include-hidden-files": "false",
}
FORBIDDEN = re.compile(r'["<>|*?\r\n\\/:]')
"""In names; NTFS could not hold them."""
MAX_DAYS = 90


async def upload(use: Use) -> None:
    name = use.need("name")
    if FORBIDDEN.search(name) or name in (".", ".."):
        raise StepFailed(
            f"The artifact name is not valid: {name[:200]}. Contains a forbidden character"
        )
    level, days = _number(use, "compression-level", 9), _number(use, "retention-days", MAX_DAYS)
    use.need("path")
    files, root = await _files(use)
    if not files:
        _report_nothing(use)
        return
    use.say(f"With the provided path, there will be {len(files)} file(s) uploaded")
    archive = use.job.folders.private / f"artifact-{uuid.uuid4().hex}.zip"
    most = use.job.settings.limits.folder_bytes
    await asyncio.to_thread(_pack, archive, files, root, 6 if level is None else level, most)
    try:
        kept = await use.job.host.save_artifact(
            name, archive, days, overwrite=use.flag("overwrite")
        )
    except ArtifactRefused as error:
        raise StepFailed(f"Failed to CreateArtifact: {error}") from error
    run = (
        f"{use.github('server_url')}/{use.github('repository')}/actions/runs/{use.github('run_id')}"
    )
    use.give(
        artifact_id=str(kept.id),
        artifact_url=f"{run}/artifacts/{kept.id}",
        artifact_digest=kept.digest,
    )
    use.say(f"SHA256 digest of uploaded artifact zip is {kept.digest}")
    use.say(f"Artifact {name} has been successfully uploaded! Final size is {kept.size} bytes.")
    use.say(f"Artifact ID is {kept.id}")


def _number(use: Use, name: str, most: int) -> int | None:
    text = use.inputs[name].strip()
    if not text:
        return None
    if not text.isdecimal() or int(text[:9]) > most:
        raise StepFailed(f"Invalid {name}: {text[:100]!r}")
    return int(text)


async def _files(use: Use) -> tuple[list[Path], Path]:
    """The files and the folder their names in the archive count from: what the search paths have
    in common."""
    hidden = use.flag("include-hidden-files")
    patterns = use.lines("path")
    temp = use.job.folders.temp
    inside = patterns and all(Path(p.lstrip("!")).is_relative_to(temp) for p in patterns)
    root = temp if inside else use.workspace
    try:
        files = await asyncio.to_thread(find_files, root, patterns, hidden=hidden)
    except GlobError as error:
        raise StepFailed(str(error)) from error
    return files, _root(root, patterns, files)


def _root(workspace: Path, patterns: Sequence[str], files: Sequence[Path]) -> Path:
    bases = [_base(workspace / p) for p in patterns if not p.startswith("!")]
    bases = [base if base.is_dir() else base.parent for base in bases]
    common = Path(os.path.commonpath(bases)) if bases else workspace
    return common if all(f.is_relative_to(common) for f in files) else workspace


def _base(pattern: Path) -> Path:
    """The part of a pattern without wild cards."""
    parts: list[str] = []
    for part in Path(os.path.normpath(pattern)).parts:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return Path(*parts)


def _report_nothing(use: Use) -> None:
    message = f"No files were found with the provided path: {use.inputs['path']}."
    match use.inputs["if-no-files-found"]:
        case "error":
            raise StepFailed(f"{message} No artifacts will be uploaded.")
        case "ignore":
            use.say(f"{message} No artifacts will be uploaded.")
        case _:
            use.warn(f"{message} No artifacts will be uploaded.")


def _pack(archive: Path, files: Sequence[Path], root: Path, level: int, most: int) -> None:
    kind = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    size = 0
    with (
        new_file(archive.parent, archive) as file,
        zipfile.ZipFile(
            file, "w", kind, compresslevel=level or None, strict_timestamps=False
        ) as target,
    ):
        for path in files:
            with open_file(root, path) as source:
                size += os.fstat(source.fileno()).st_size
                if size > most:
                    raise StepFailed(f"The files have more than {most:,} bytes")
                target.write(path_of(source.fileno()), path.relative_to(root).as_posix())


UPLOAD = Builtin(INPUTS, upload)
