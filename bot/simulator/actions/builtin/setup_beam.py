"""erlef/setup-beam: the Erlang and Elixir of this machine, whatever version was asked for."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.host import Annotation
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import new_file, new_link
from bot.simulator.actions.runner.use import Use

INPUTS = {
    "otp-version": "",
    "elixir-version": "",
    "gleam-version": "",
    "rebar3-version": "",
    "install-hex": "true",
    "install-rebar": "true",
    "version-type": "loose",
    "version-file": "",
    "hexpm-mirrors": "",
    "github-token": "${{ github.token }}",
    "otp-architecture": "",
    "disable_problem_matchers": "false",
}
VERSIONS = re.compile(r"Erlang/OTP (\d+)|Elixir (\d+\.\d+\.\d+\S*)")


async def set_up(use: Use) -> None:
    """Raises StepFailed where the machine has none."""
    if use.inputs["gleam-version"]:
        raise StepFailed("erlef/setup-beam: Gleam is not supported here")
    path = use.job.settings.path
    if shutil.which("erl", path=path) is None:
        raise StepFailed("erlef/setup-beam: there is no Erlang on this machine")
    wants_elixir = use.inputs["elixir-version"] not in ("", "false")
    if shutil.which("elixir", path=path) is None:
        if wants_elixir or use.inputs["version-file"]:
            raise StepFailed("erlef/setup-beam: there is no Elixir on this machine")
        use.warn("There is no Elixir on this machine")
        return
    await asyncio.to_thread(_bring_mix, use)
    lines: list[str] = []
    await use.call(["elixir", "--version"], use.workspace, hear=lines.append)
    otp, elixir = _versions("\n".join(lines))
    use.give(otp_version=f"OTP-{otp}", elixir_version=f"v{elixir}", setup_beam_version="local")
    use.say(f"Erlang/OTP {otp} and Elixir {elixir} of this machine")
    _compare(use, "otp-version", otp)
    _compare(use, "elixir-version", elixir)


def _bring_mix(use: Use) -> None:
    """Hex and rebar as this machine has them, into the job's own home."""
    source = use.job.settings.mix_home
    if source is None or not use.flag("install-hex"):
        return
    home = use.job.folders.home
    for part in ("archives", "elixir"):
        for path in sorted((source / part).rglob("*")):
            target = home / ".mix" / path.relative_to(source)
            if path.is_symlink():
                new_link(home, target, os.readlink(path))
            elif path.is_file():
                _copy(path, home, target)


def _copy(source: Path, home: Path, target: Path) -> None:
    status = source.stat()
    with source.open("rb") as content, new_file(home, target, status.st_mode & 0o777) as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.utime(file.fileno(), (status.st_atime, status.st_mtime))


def _versions(text: str) -> tuple[str, str]:
    found = VERSIONS.findall(text)
    otp = next((first for first, _ in found if first), "")
    elixir = next((second for _, second in found if second), "")
    if not otp or not elixir:
        raise StepFailed("erlef/setup-beam: the Elixir of this machine does not tell its version")
    return otp, elixir


def _compare(use: Use, name: str, present: str) -> None:
    asked = use.inputs[name].lstrip("v").removeprefix("OTP-")
    if asked in ("", "latest", "false", "strict") or present.startswith(asked.split("-otp")[0]):
        return
    text = f"{name} {use.inputs[name]!r} was asked for; this machine has {present}"
    use.say(f"##[notice]{text}")
    use.job.annotate(Annotation("notice", text))


SETUP = Builtin(INPUTS, set_up)
