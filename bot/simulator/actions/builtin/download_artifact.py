"""actions/download-artifact, version 4."""

from __future__ import annotations

import asyncio
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.host import Artifact, ArtifactRefused
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import folder, new_file
from bot.simulator.actions.runner.use import Use
from bot.simulator.actions.workflow.patterns import PatternError, fits

INPUTS = {
    "name": "",
    "artifact-ids": "",
    "path": "",
    "pattern": "",
    "merge-multiple": "false",
    "github-token": "",
    "repository": "${{ github.repository }}",
    "run-id": "${{ github.run_id }}",
    "digest-mismatch": "error",
}
MAX_BYTES = 4 * 2**30
"""Unpacked; a zip may claim to hold much more than it weighs."""


async def download(use: Use) -> None:
    if use.inputs["repository"].lower() != use.github("repository").lower():
        raise StepFailed("actions/download-artifact: other repositories are not supported here")
    target = _target(use)
    chosen = _choose(use, await _listed(use))
    use.say(f"Total of {len(chosen)} artifact(s) downloaded")
    together = (len(chosen) == 1 and bool(use.inputs["name"])) or use.flag("merge-multiple")
    for artifact in chosen:
        place = target if together else target / artifact.name
        use.say(f"Downloading artifact: {artifact.name} (ID: {artifact.id})")
        await asyncio.to_thread(_unpack, artifact, use.job.folders.root, place)
    use.give(download_path=str(target))
    use.say("Download artifact has finished successfully")


def _target(use: Use) -> Path:
    """In the job's folders; `~` is its home. On GitHub it may be anywhere, but there the machine is
    the job's own."""
    path, folders = use.inputs["path"], use.job.folders
    base, below = (
        (folders.home, path[1:].lstrip("/"))
        if path.startswith("~")
        else (
            use.workspace,
            path,
        )
    )
    target = Path(os.path.normpath(base / below))
    if not target.is_relative_to(folders.root):
        raise StepFailed(f"The path {path[:200]!r} is outside of the folders of the job")
    return target


async def _listed(use: Use) -> Sequence[Artifact]:
    run = use.inputs["run-id"].strip()
    if not run.isdecimal() or len(run) > 18:
        raise StepFailed(f"Invalid run-id: {run[:100]!r}")
    other = None if run == use.github("run_id") else int(run)
    try:
        return await use.job.host.artifacts(other)
    except ArtifactRefused as error:
        raise StepFailed(f"Unable to download artifact(s): {error}") from error


def _choose(use: Use, listed: Sequence[Artifact]) -> list[Artifact]:
    name, ids, pattern = (use.inputs[k] for k in ("name", "artifact-ids", "pattern"))
    if name and ids:
        raise StepFailed("Inputs 'name' and 'artifact-ids' cannot be used together.")
    if name:
        found = [a for a in listed if a.name == name]
        if not found:
            raise StepFailed(f"Unable to download artifact(s): Artifact not found for name: {name}")
        return found
    if ids:
        wanted = {part.strip() for part in ids.split(",")}
        found = [a for a in listed if str(a.id) in wanted]
        if not found:
            raise StepFailed("Unable to download artifact(s): none of the ids was found")
        return found
    try:
        return [a for a in listed if not pattern or fits(pattern, a.name)]
    except PatternError as error:
        raise StepFailed(str(error)) from error


def _unpack(artifact: Artifact, root: Path, target: Path) -> None:
    with folder(root, target), zipfile.ZipFile(artifact.archive) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise StepFailed(f"The artifact {artifact.name!r} is too large to unpack")
        for entry in archive.infolist():
            parts = [part for part in entry.filename.split("/") if part not in ("", ".", "..")]
            if parts and not entry.is_dir():
                with (
                    archive.open(entry) as source,
                    new_file(root, target.joinpath(*parts)) as file,
                ):
                    shutil.copyfileobj(source, file)


DOWNLOAD = Builtin(INPUTS, download)
