"""The stand-ins for well-known actions."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from bot.simulator.actions.runner.request import Urls
from bot.simulator.actions.workflow.permissions import everything
from tests.simulator.actions.hosting import Bench, job

pytestmark = pytest.mark.anyio


def uses(action: str, **inputs: str) -> str:
    given = "".join(
        f"\n          {k.replace('_', '-')}: {json.dumps(v)}" for k, v in inputs.items()
    )
    return f"uses: {action}" + (f"\n        with:{given}" if inputs else "")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository of three commits on main, a tag on the first, a branch `dev`."""
    folder = tmp_path / "server" / "acme" / "shop"
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for number in (1, 2, 3):
        (folder / "file").write_text(f"{number}\n")
        git(folder, "add", "file")
        git(folder, "commit", "-qm", f"commit {number}")
        if number == 1:
            git(folder, "tag", "v1")
    git(folder, "checkout", "-qb", "dev")
    git(folder, "commit", "-q", "--allow-empty", "-m", "on dev")
    git(folder, "checkout", "-q", "main")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder


SHOW = "cat file; git log --oneline | wc -l; echo on $(git branch --show-current)."


def on(origin: Path) -> dict[str, object]:
    server = f"file://{origin.parents[1]}"
    return {"sha": git(origin, "rev-parse", "HEAD"), "urls": Urls(server, "http://a", "http://g")}


def shown(text: str) -> list[str]:
    return text.rpartition("##[endgroup]\n")[2].split("\n")


async def test_checkout_of_the_event(bench: Bench, origin: Path) -> None:
    ran = await bench(job(uses("actions/checkout@v4"), SHOW), **on(origin))
    assert ran.conclusion == "success"
    assert shown(ran.text)[:3] == ["3", "1", "on main."]
    assert bench.host.steps("build")["Post Run actions/checkout@v4"] == "success"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"fetch_depth": "0"}, ["3", "3", "on main."]),
        ({"ref": "dev", "fetch_depth": "0"}, ["3", "4", "on dev."]),
        ({"ref": "v1"}, ["1", "1", "on ."]),
        ({"ref": "refs/heads/dev", "fetch_depth": "2"}, ["3", "2", "on dev."]),
    ],
)
async def test_checkout_of_a_ref(
    bench: Bench, origin: Path, inputs: dict[str, str], expected: list[str]
) -> None:
    ran = await bench(job(uses("actions/checkout@v4", **inputs), SHOW), **on(origin))
    assert shown(ran.text)[:3] == expected


async def test_checkout_of_a_commit_into_a_folder(bench: Bench, origin: Path) -> None:
    first = git(origin, "rev-parse", "v1")
    step = uses("actions/checkout@v4", ref=first, path="sub/dir")
    ran = await bench(job(step, "cat sub/dir/file; git -C sub/dir rev-parse HEAD"), **on(origin))
    assert shown(ran.text)[:2] == ["1", first]


@pytest.mark.parametrize("persist", ["true", "false"])
async def test_checkout_keeps_the_token_for_git_only_if_asked(
    bench: Bench, origin: Path, persist: str
) -> None:
    step = uses("actions/checkout@v4", persist_credentials=persist)
    ran = await bench(job(step, "grep -c AUTHORIZATION .git/config || true"), **on(origin))
    assert ("\n1\n" in ran.text) is (persist == "true")
    assert "ghs_" not in ran.text


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"ref": "nowhere"}, "A branch or tag with the name 'nowhere' could not be found"),
        ({"ref": "--upload-pack=x"}, "could not be found"),
        ({"path": "../out"}, "is not under"),
        ({"repository": "acme/../x"}, "Invalid repository"),
        ({"repository": "acme/none"}, "exit code 128"),
        ({"submodules": "true"}, "'submodules' is not supported"),
        ({"persist_credentials": "maybe"}, "YAML 1.2"),
    ],
)
async def test_checkout_refuses(
    bench: Bench, origin: Path, inputs: dict[str, str], message: str
) -> None:
    ran = await bench(job(uses("actions/checkout@v4", **inputs)), **on(origin))
    assert ran.conclusion == "failure"
    assert message in ran.text


async def test_checkout_empties_nothing_outside(bench: Bench, origin: Path) -> None:
    outside = bench.folder / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    swap = f"cd /; rm -rf $GITHUB_WORKSPACE; ln -s {outside} $GITHUB_WORKSPACE"
    ran = await bench(job(swap, uses("actions/checkout@v4")), **on(origin))
    assert ran.conclusion == "failure"
    assert "cannot be emptied" in ran.text
    assert (outside / "precious").exists()


UPLOAD = "actions/upload-artifact@v4"
DOWNLOAD = "actions/download-artifact@v4"
MAKE = "mkdir -p out/deep; echo a > out/a; echo b > out/deep/b; echo h > out/.hidden"


async def test_artifacts_go_from_job_to_job(bench: Bench) -> None:
    text = job(MAKE, uses(UPLOAD, name="one", path="out"), name="make") + (
        "  take:\n    needs: make\n    runs-on: x\n    steps:\n"
        f"      - {uses(DOWNLOAD, name='one', path='in')}\n"
        "      - run: cd in; find . -type f | sort\n"
        f"      - {uses(DOWNLOAD)}\n      - run: ls\n"
    )
    ran = await bench(text)
    assert ran.conclusion == "success"
    assert "./a\n./deep/b\n" in bench.host.text("take")
    assert "\nin\none\n" in bench.host.text("take")
    kept = bench.host.kept["one"]
    assert zipfile.ZipFile(kept.archive).namelist() == ["a", "deep/b"]
    assert f"digest of uploaded artifact zip is {kept.digest}" in ran.text


async def test_an_artifact_may_come_from_the_runners_temporary_folder(bench: Bench) -> None:
    make = (
        "mkdir $RUNNER_TEMP/report; echo a > $RUNNER_TEMP/report/a; cd /; echo b > $RUNNER_TEMP/b"
    )
    step = uses(UPLOAD, name="report", path="${{ runner.temp }}/report/")
    ran = await bench(job(make, step, uses(UPLOAD, name="etc", path="/etc/hostname")))
    assert zipfile.ZipFile(bench.host.kept["report"].archive).namelist() == ["a"], ran.text
    assert (ran.conclusion, "etc" in bench.host.kept) == ("failure", False)


async def test_names_of_artifacts_are_taken_once(bench: Bench) -> None:
    ran = await bench(job(MAKE, *[uses(UPLOAD, path="out")] * 2))
    assert ran.conclusion == "failure"
    assert "an artifact with this name already exists" in ran.text
    again = uses(UPLOAD, path="out", overwrite="true", include_hidden_files="true")
    ran = await bench(job(MAKE, again))
    assert zipfile.ZipFile(bench.host.kept["artifact"].archive).namelist() == [
        *(".hidden", "a", "deep/b")
    ]


async def test_artifacts_by_pattern_merged(bench: Bench) -> None:
    steps = [uses(UPLOAD, name=f"part-{n}", path=f"out/{n}") for n in ("a", "deep")]
    take = uses(DOWNLOAD, pattern="part-*", merge_multiple="true", path="in")
    ran = await bench(job(MAKE, *steps, uses(UPLOAD, name="x", path="out/a"), take, "ls in"))
    assert shown(ran.text)[:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (uses(UPLOAD, path="none", if_no_files_found="error"), "No files were found"),
        (uses(UPLOAD, path="../.."), "is outside of"),
        (uses(UPLOAD, name="a/b", path="x"), "artifact name is not valid"),
        (uses(UPLOAD, name="..", path="x"), "artifact name is not valid"),
        (uses(UPLOAD, path="x", compression_level="11"), "Invalid compression-level"),
        (uses(UPLOAD), "Input required and not supplied: path"),
        (uses(DOWNLOAD, name="none"), "Artifact not found for name: none"),
        (uses(DOWNLOAD, run_id="8"), "no such run"),
        (uses(DOWNLOAD, run_id="x"), "Invalid run-id"),
    ],
)
async def test_artifacts_refused(bench: Bench, step: str, message: str) -> None:
    ran = await bench(job(step))
    assert ran.conclusion == "failure"
    assert message in ran.text


async def test_no_files_is_a_warning_by_default(bench: Bench) -> None:
    ran = await bench(job(uses(UPLOAD, path="none")))
    assert ran.conclusion == "success"
    assert "##[warning]No files were found with the provided path: none." in ran.text
    assert bench.host.kept == {}


CACHE = "actions/cache@v4"
HIT = "echo hit=${{ steps.c.outputs.cache-hit }}. $(cat deps/x ~/y 2>/dev/null)"


def cached(key: str, restore: str = "") -> str:
    return "id: c\n        " + uses(CACHE, path="deps\n~/y", key=key, restore_keys=restore)


async def test_a_cache_is_kept_for_the_next_run(bench: Bench) -> None:
    fill = "mkdir deps; echo one > deps/x; ln -s x deps/link; echo two > ~/y"
    first = await bench(job(cached("k-1"), HIT, fill))
    assert "hit=." in first.text
    assert "Cache saved with key: k-1" in first.text
    again = await bench(job(cached("k-1"), HIT))
    assert "hit=true. one two" in again.text
    assert len(bench.host.caches) == 1
    near = await bench(job(cached("k-2", restore="k-"), HIT))
    assert "hit=false. one two" in near.text
    assert [key for key, _, _ in bench.host.caches] == ["k-1", "k-2"]


async def test_a_failed_job_saves_no_cache(bench: Bench) -> None:
    await bench(job(cached("k"), "mkdir deps; exit 1"))
    assert bench.host.caches == []


async def test_restore_may_insist(bench: Bench) -> None:
    step = uses("actions/cache/restore@v4", path="x", key="k", fail_on_cache_miss="true")
    ran = await bench(job(step))
    assert ran.conclusion == "failure"
    assert "Failed to restore cache entry" in ran.text


@pytest.mark.parametrize("path", ["../x", "/etc"])
async def test_a_cache_stays_in_its_place(bench: Bench, path: str) -> None:
    ran = await bench(job(uses("actions/cache/save@v4", path=path, key="k")))
    assert ran.conclusion == "failure"
    assert "neither in the work space nor in the home" in ran.text


ATTEST = "actions/attest-build-provenance@v2"


async def test_an_attestation_is_kept(bench: Bench) -> None:
    step = "id: t\n        " + uses(ATTEST, subject_path="out/a")
    ran = await bench(job(MAKE, step, "cat ${{ steps.t.outputs.bundle-path }}"))
    assert ran.conclusion == "success"
    (statement,) = bench.host.statements
    assert statement.subjects == (
        ("a", "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"),
    )
    assert statement.predicate_type == "https://slsa.dev/provenance/v1"
    bundle = json.loads(shown(ran.text)[0])
    assert bundle["subject"][0]["name"] == "a"
    assert "is not signed" in ran.text


async def test_an_attestation_needs_permissions(bench: Bench) -> None:
    text = job(MAKE, uses(ATTEST, subject_path="out/a"))
    ran = await bench(text, permissions=everything("read"))
    assert ran.conclusion == "failure"
    assert 'missing "id-token" permission' in ran.text
    assert bench.host.statements == []


async def test_setup_beam_without_erlang_fails_by_name(bench: Bench) -> None:
    step = uses("erlef/setup-beam@v1", otp_version="26", elixir_version="1.15")
    ran = await bench(job(step), settings={"path": "/nowhere"})
    assert ran.conclusion == "failure"
    assert "there is no Erlang on this machine" in ran.text


@pytest.mark.elixir
async def test_setup_beam_tells_what_is_there(bench: Bench) -> None:
    step = "id: b\n        " + uses("erlef/setup-beam@v1", otp_version="1", elixir_version="0.1")
    ran = await bench(job(step, "echo ${{ steps.b.outputs.elixir-version }}; elixir --version"))
    assert ran.conclusion == "success"
    assert "elixir-version '0.1' was asked for; this machine has 1." in ran.text
    assert "\nv1." in ran.text
