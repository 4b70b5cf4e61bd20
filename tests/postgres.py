"""A Postgres of the tests' own: a new cluster in a folder, without a port, gone with the tests."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

NOBODY = 65534
FAST = ("fsync=off", "full_page_writes=off", "max_connections=60", "listen_addresses=")


def binaries() -> str:
    """The folder of the newest server's programs; skips, loudly, where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    direct = shutil.which("initdb")
    if direct is not None:
        found.append(str(Path(direct).resolve()))
    if not found:
        pytest.skip("POSTGRES IS NOT INSTALLED: NOTHING OF SEVERAL WORKERS IS TESTED")
    return str(Path(found[-1]).parent)


@contextmanager
def cluster() -> Iterator[str]:
    """Its address, without a database's name."""
    programs = binaries()
    # Not below pytest's folder, which only its owner may enter: as root, the server is nobody.
    folder = Path(tempfile.mkdtemp(prefix="genesis-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    data = folder / "data"
    try:
        _run([f"{programs}/initdb", "-D", str(data), "-U", "genesis", "-A", "trust", "-N"])
        options = " ".join(
            f"-c {option}" for option in (*FAST, f"unix_socket_directories={folder}")
        )
        control = [f"{programs}/pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log")]
        _run([*control, "-o", options, "start"])
        try:
            yield f"postgresql://genesis@/%s?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str]) -> None:
    # Postgres refuses to be root.
    someone = NOBODY if os.geteuid() == 0 else None
    done = subprocess.run(
        command,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        user=someone,
        group=someone,
        extra_groups=[] if someone is not None else None,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/"},
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of the cluster, with a place for a database's name."""
    with cluster() as address:
        yield address


@pytest.fixture
def shared_url(postgres: str) -> str:
    """The address of an empty database."""
    name = f"genesis_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres % "postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return postgres % name
