"""Our ExUnit formatter, compiled once per Elixir version into the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.codebase.mix import Reporter
from bot.codebase.process import child_environment, run
from bot.codebase.toolchain import Toolchain
from bot.errors import CommandFailed

SOURCE = Path(__file__).parent / "formatter" / "json_reporter.ex"
_COMPILE_SECONDS = 120.0


def prepare_reporter(toolchain: Toolchain, cache_dir: Path, env: Mapping[str, str]) -> Reporter:
    """Compile the formatter unless this version of it is in the cache; raises `CommandFailed`."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    lib_dir = cache_dir / "reporter" / f"{toolchain.version}-otp{toolchain.otp}-{digest}"
    if not lib_dir.is_dir():
        _build(toolchain, lib_dir, env)
    return Reporter(lib_dir=lib_dir, module="OtpGenesis.JsonReporter", variable="GENESIS_RESULTS")


def _build(toolchain: Toolchain, lib_dir: Path, env: Mapping[str, str]) -> None:
    lib_dir.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=lib_dir.parent))
    scratch.chmod(0o755)
    ebin = scratch / "otp_genesis_reporter" / "ebin"
    ebin.mkdir(parents=True)
    done = run(
        (str(toolchain.elixirc), "-o", str(ebin), str(SOURCE)),
        cwd=scratch,
        env=child_environment(env, {"PATH": toolchain.search_path}),
        timeout=_COMPILE_SECONDS,
    )
    if done.returncode != 0:
        shutil.rmtree(scratch)
        raise CommandFailed(done.argv, done.returncode, done.tail())
    try:
        os.rename(scratch, lib_dir)
    except OSError:
        # Another process was first; what it built is the same.
        shutil.rmtree(scratch)
