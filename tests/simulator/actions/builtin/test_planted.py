"""Steps that plant links and pipes where the stand-ins read and write: nothing outside is touched,
nothing waits for ever."""

from __future__ import annotations

import asyncio
import os
import tarfile
from pathlib import Path

import pytest

from bot.simulator.actions.runner.limits import Limits
from tests.simulator.actions.builtin.test_builtins import on, origin, uses
from tests.simulator.actions.hosting import Bench, Ran, job

__all__ = ["origin"]

pytestmark = pytest.mark.anyio

SECONDS = 30
CHECKOUT = "actions/checkout@v4"
SAVE, RESTORE = "actions/cache/save@v4", "actions/cache/restore@v4"
UPLOAD, DOWNLOAD = "actions/upload-artifact@v4", "actions/download-artifact@v4"
ATTEST = "actions/attest-build-provenance@v2"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("dear")
    return folder


def untouched(outside: Path) -> bool:
    return os.listdir(outside) == ["precious"] and (outside / "precious").read_text() == "dear"


def swap(outside: Path) -> str:
    """Makes the work space a link to a folder that is not the job's."""
    return f"cd /; rm -rf $GITHUB_WORKSPACE; ln -s {outside} $GITHUB_WORKSPACE"


def members(bench: Bench) -> dict[str, bytes]:
    """The kinds of what the one cache holds, by name."""
    ((_, _, archive),) = bench.host.caches
    with tarfile.open(archive) as tar:
        return {member.name: member.type for member in tar}


async def ran(bench: Bench, *steps: str, **changes: object) -> Ran:
    return await asyncio.wait_for(bench(job(*steps), **changes), SECONDS)


async def test_checkout_makes_no_folder_outside(bench: Bench, origin: Path, outside: Path) -> None:
    done = await ran(bench, swap(outside), uses(CHECKOUT, path="deep/er"), **on(origin))
    assert done.conclusion == "failure"
    assert "cannot be emptied" in done.text
    assert untouched(outside)


@pytest.mark.parametrize("how", ["ln -s", "ln"])
async def test_checkout_gives_its_token_to_no_other_file(
    bench: Bench, origin: Path, tmp_path: Path, how: str
) -> None:
    """A hook of git's, which a step can set for the home, changes the config meanwhile."""
    other = tmp_path / "config"
    other.write_text("[their]\n\tkey = value\n")
    hook = (
        "mkdir ~/hooks; cd ~/hooks; git config --global core.hooksPath ~/hooks;"
        f" printf '\\043!/bin/sh\\nrm .git/config; {how} {other} .git/config' > post-checkout;"
        " chmod +x post-checkout"
    )
    await ran(bench, hook, uses(CHECKOUT), **on(origin))
    assert other.read_text() == "[their]\n\tkey = value\n"


@pytest.mark.parametrize("kind", ["link", "pipe", "hard link", "huge"])
async def test_forgetting_the_token_changes_no_other_file(
    bench: Bench, origin: Path, outside: Path, kind: str
) -> None:
    plant = {
        "link": f"ln -sf {outside}/precious .git/config",
        "pipe": "rm .git/config; mkfifo .git/config",
        "hard link": f"ln -f {outside}/precious .git/config",
        "huge": "truncate -s 3G .git/config",
    }
    (outside / "precious").write_bytes(b"\xff\n\textraheader = AUTHORIZATION: x")
    done = await ran(bench, uses(CHECKOUT), plant[kind], **on(origin))
    assert done.conclusion == "success"
    assert (outside / "precious").read_bytes() == b"\xff\n\textraheader = AUTHORIZATION: x"
    assert ("Unable to clean up" in done.text) is (kind != "hard link")


async def test_a_cache_is_not_restored_outside(bench: Bench, outside: Path) -> None:
    save = uses(SAVE, path="deps\n~/d", key="k")
    await ran(bench, "mkdir deps ~/d; echo bad > deps/precious; echo bad > ~/d/precious", save)
    assert len(members(bench)) == 4
    take = uses(RESTORE, path="deps\n~/d", key="k")
    for plant in (
        swap(outside.parent),
        f"ln -s {outside} deps",
        f"cd ~; rmdir d; ln -s {outside} d",
        f"cd /; rm -rf ~; ln -s {outside} ~",
    ):
        done = await ran(bench, f"mkdir ~/d; {plant}", take)
        assert done.conclusion == "failure"
        assert "leads out of" in done.text
        assert untouched(outside)


async def test_a_cache_is_restored_over_whatever_is_there(bench: Bench, outside: Path) -> None:
    make = "mkdir deps; for i in a b c; do echo new > deps/$i; done; chmod 750 deps/a"
    age = "ln -s /nowhere/at-all deps/link; ln deps/a deps/twin; touch -d @1000000000 deps/a deps"
    await ran(bench, f"{make}; {age}", uses(SAVE, path="deps", key="k"))
    plant = f"mkdir deps; cd deps; ln -s {outside}/precious a; mkfifo b; ln {outside}/precious c"
    show = (
        "cat deps/[abt]* deps/c; readlink deps/link; stat -c '%a %Y' deps/a; stat -c 'of %Y' deps"
    )
    done = await ran(bench, plant, uses(RESTORE, path="deps", key="k"), show)
    assert done.conclusion == "success"
    assert "\nnew\nnew\nnew\nnew\n/nowhere/at-all\n750 1000000000\nof 1000000000\n" in done.text
    assert untouched(outside)


async def test_a_cache_holds_nothing_from_outside(bench: Bench, outside: Path) -> None:
    plant = f"ln -s {outside} deps; mkdir d; ln -s {outside}/precious d/link; mkfifo d/pipe"
    await ran(bench, plant, uses(SAVE, path="deps/*\nd", key="k"))
    assert members(bench) == {"workspace/d": tarfile.DIRTYPE, "workspace/d/link": tarfile.SYMTYPE}
    done = await ran(bench, swap(outside), uses(SAVE, path="*", key="k2"))
    assert done.conclusion == "failure"


async def test_what_looks_small_may_be_too_large(bench: Bench) -> None:
    settings = {"limits": Limits(nice=0, free_bytes=0, folder_bytes=10**6)}
    for step in (uses(SAVE, path="big", key="k"), uses(UPLOAD, path="big")):
        done = await ran(bench, "truncate -s 1G big", step, settings=settings)
        assert done.conclusion == "failure"
        assert "The files have more than 1,000,000 bytes" in done.text


async def test_an_artifact_holds_nothing_from_outside(bench: Bench, outside: Path) -> None:
    plant = f"mkdir o; ln -s {outside}/precious o/a; ln -s /dev/zero o/b; echo x > o/c; ln -s c o/d"
    done = await ran(bench, plant, uses(UPLOAD, path="o"), uses(DOWNLOAD, path="in"), "ls in/*")
    assert done.conclusion == "success"
    assert "there will be 2 file(s) uploaded" in done.text
    assert "\nc\nd\n" in done.text
    done = await ran(bench, swap(outside), uses(UPLOAD, path="*", name="second"))
    assert done.conclusion == "failure"
    assert list(bench.host.kept) == ["artifact"]


async def test_an_artifact_is_not_unpacked_outside(bench: Bench, outside: Path) -> None:
    await ran(bench, "echo bad > precious", uses(UPLOAD, path="precious"))
    take = uses(DOWNLOAD, name="artifact", path="in")
    for plant, step in (
        (f"ln -s {outside} in", take),
        (swap(outside.parent), uses(DOWNLOAD, name="artifact", path="outside")),
        ("true", uses(DOWNLOAD, name="artifact", path=str(outside))),
        ("true", uses(DOWNLOAD, name="artifact", path="../../../../../outside")),
    ):
        done = await ran(bench, plant, step)
        assert done.conclusion == "failure"
        assert "leads out of" in done.text or "outside of the folders" in done.text
        assert untouched(outside)
    for plant in (f"ln -s {outside}/precious", f"ln {outside}/precious", "mkfifo"):
        done = await ran(bench, f"mkdir in; {plant} in/precious", take, "cat in/precious")
        assert "\nbad\n" in done.text
        assert untouched(outside)


@pytest.mark.parametrize("kind", ["link", "pipe"])
async def test_the_bundle_of_an_attestation_is_a_file_of_its_own(
    bench: Bench, outside: Path, kind: str
) -> None:
    make = f"ln -s {outside}/precious" if kind == "link" else "mkfifo"
    plant = f"echo a > a; {make} $RUNNER_TEMP/attestation-1.json"
    step = "id: t\n        " + uses(ATTEST, subject_path="a")
    done = await ran(bench, plant, step, "cat ${{ steps.t.outputs.bundle-path }}")
    assert done.conclusion == "success"
    assert '"predicateType"' in done.text
    assert untouched(outside)


async def test_no_subject_is_read_outside(bench: Bench, outside: Path) -> None:
    plant = f"ln -s /dev/zero a; ln -s {outside}/precious b; mkfifo c"
    for name in ("a", "b", "c"):
        done = await ran(bench, plant, uses(ATTEST, subject_path=name))
        assert "Found 0 subjects" in done.text
        done = await ran(bench, plant, uses(ATTEST, subject_checksums=name))
        assert "Invalid checksum line" in done.text


@pytest.mark.parametrize("folder", ["~/.mix", "~/.mix/archives", "~"])
async def test_setup_beam_brings_mix_nowhere_else(
    bench: Bench, outside: Path, tmp_path: Path, folder: str
) -> None:
    tools, source = tmp_path / "tools", tmp_path / "mix"
    (source / "archives").mkdir(parents=True)
    (source / "archives" / "hex").write_text("hex")
    tools.mkdir()
    for name in ("erl", "elixir"):
        (tools / name).write_text("#!/bin/sh\necho 'Erlang/OTP 26'; echo 'Elixir 1.15.0'\n")
        (tools / name).chmod(0o755)
    settings = {"mix_home": source, "path": f"{tools}:{os.environ['PATH']}"}
    step = uses("erlef/setup-beam@v1")
    plant = f"mkdir -p ~/.mix/archives; cd /; rm -rf {folder}; ln -s {outside} {folder}"
    done = await ran(bench, plant, step, settings=settings)
    assert done.conclusion == "failure"
    assert untouched(outside)
    done = await ran(
        bench, "mkdir -p ~/.mix/archives", step, "cat ~/.mix/archives/hex", settings=settings
    )
    assert "\nhex\n" in done.text


async def test_an_archive_on_its_way_is_made_in_the_jobs_own_folder(
    bench: Bench, outside: Path
) -> None:
    plant = f"echo a > a; cd ../..; mv _private gone; ln -s {outside} _private"
    for step in (uses(UPLOAD, path="a"), uses(SAVE, path="a", key="k")):
        done = await ran(bench, plant, step)
        assert done.conclusion == "failure"
        assert untouched(outside)
