"""A release: built from a clone as the workflow does it, and refused where anything is off."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import release_check, sbom
from scripts.release_check import Built

ROOT = Path(__file__).resolve().parents[1]
PROJECT = {"version": "1.2.0", "name": "otp-genesis"}
CHANGELOG = "# Changelog\n\n## 1.2.0, 2026-11-26\n\n- New.\n\n## 1.1.0, 2026-10-01\n\n- Old.\n"


def release(clone: Path, tag: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "scripts/release.sh", tag],
        cwd=clone,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=170,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed, with a day for the version, and released as this version."""
    folder = tmp_path_factory.mktemp("release") / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(folder)], check=True)
    changelog = folder / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace(", unreleased", ", 2026-11-26"))
    done = release(folder, "v0.1.0")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def built(clone: Path, tmp_path: Path) -> Built:
    """A copy of what was built, to spoil."""
    shutil.copytree(clone / "dist", tmp_path / "dist")
    found = release_check.read(clone / "dist")
    listed = subprocess.run(
        ["git", "ls-files", "--", *release_check.SHIPPED],
        cwd=clone,
        check=True,
        capture_output=True,
        text=True,
    )
    wheel, sdist = (tmp_path / "dist" / path.name for path in (found.wheel, found.sdist))
    return replace(found, wheel=wheel, sdist=sdist, tracked=frozenset(listed.stdout.splitlines()))


def test_a_release_has_its_files_its_sums_and_its_papers(clone: Path) -> None:
    papers = clone / "build" / "papers"
    assert {path.name for path in papers.iterdir()} == {
        "SHA256SUMS",
        "notes.md",
        *(f"otp-genesis-0.1.0-{lock}.cdx.json" for lock in sbom.LOCKS),
    }
    lines = (papers / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (clone / "dist").iterdir()}
    assert told == files
    assert "The main job on one machine" in (papers / "notes.md").read_text()


def test_what_was_built_from_a_clean_clone_has_nothing_against_it(built: Built) -> None:
    checks = (
        release_check.wheel_problems,
        release_check.sdist_problems,
        release_check.metadata_problems,
    )
    assert [problem for check in checks for problem in check(built)] == []


def test_a_tag_of_another_version_publishes_nothing(clone: Path) -> None:
    before = (clone / "build" / "papers" / "SHA256SUMS").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.release_check", "v0.2.0", "dist", "build/elsewhere"],
        cwd=clone,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "the tag is v0.2.0, the version 0.1.0" in done.stderr
    assert not (clone / "build" / "elsewhere").exists()
    assert (clone / "build" / "papers" / "SHA256SUMS").read_bytes() == before


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "told"),
    [
        ("v1.2.0", "1.2.0", CHANGELOG, ""),
        ("1.2.0", "1.2.0", CHANGELOG, "it must be v1.2.0"),
        ("v1.2", "1.2.0", CHANGELOG, "it must be v1.2.0"),
        ("v1.2.0-rc1", "1.2.0-rc1", CHANGELOG, "1.2.0rc1"),
        ("v1.3.0", "1.3.0", CHANGELOG, "nothing under"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("- New.", ""), "nothing under"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("2026-11-26", "unreleased"), "not of which day"),
    ],
)
def test_tag_version_and_changelog_tell_of_one_release(
    tag: str, version: str, changelog: str, told: str
) -> None:
    found = list(release_check.tag_problems(tag, {**PROJECT, "version": version}, changelog))
    assert bool(found) is bool(told)
    assert all(told in problem for problem in found[:1])


def test_the_notes_are_of_this_version_only() -> None:
    assert release_check.notes("1.2.0", CHANGELOG) == "- New."


def rewritten(wheel: Path, change: dict[str, bytes | None]) -> None:
    """The wheel again, with these members changed, added or, where `None`, left out."""
    with zipfile.ZipFile(wheel) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    for name, content in change.items():
        if content is None:
            del members[name]
        else:
            members[name] = content
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bot/surprise.py", b"", "bot/surprise.py, which git does not know"),
        ("otp_genesis.pth", b"import os", "otp_genesis.pth, which git does not know"),
        ("tests/test_a.py", b"", "tests/test_a.py, which git does not know"),
        ("bot/errors.py", None, "lacks bot/errors.py"),
        ("bot/_locks/run.txt", None, "lacks bot/_locks/run.txt"),
        ("bot/_locks/other.txt", b"", "bot/_locks/other.txt, which git does not know"),
        ("bot/errors.py", b"changed after it was listed", "own list is wrong about bot/errors.py"),
    ],
)
def test_a_wheel_with_anything_else_in_it_is_refused(
    built: Built, name: str, content: bytes | None, told: str
) -> None:
    rewritten(built.wheel, {name: content})
    assert told in "\n".join(release_check.wheel_problems(built))


def test_a_link_in_the_wheel_is_refused(built: Built) -> None:
    rewritten(built.wheel, {"bot/errors.py": None})
    link = zipfile.ZipInfo("bot/errors.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(built.wheel, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "bot/errors.py is no file" in "\n".join(release_check.wheel_problems(built))


def test_a_file_that_is_there_twice_is_refused(built: Built) -> None:
    with zipfile.ZipFile(built.wheel, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("bot/errors.py", b"the other one")
    assert "a file twice" in "\n".join(release_check.wheel_problems(built))


def test_a_wheel_without_the_command_is_refused(built: Built) -> None:
    rewritten(built.wheel, {f"otp_genesis-{built.version}.dist-info/entry_points.txt": b""})
    assert "does not install the command" in "\n".join(release_check.wheel_problems(built))


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("bot/elsewhere", tarfile.SYMTYPE, "bot/elsewhere is no plain file"),
        ("bot/linked", tarfile.LNKTYPE, "bot/linked is no plain file"),
        ("bot/pipe", tarfile.FIFOTYPE, "bot/pipe is no plain file"),
        ("../../outside", tarfile.REGTYPE, "outside is no plain file"),
        ("setup.py", tarfile.REGTYPE, "the sdist has otp_genesis-0.1.0/setup.py"),
    ],
)
def test_an_sdist_with_anything_else_in_it_is_refused(
    built: Built, name: str, kind: bytes, told: str
) -> None:
    member = tarfile.TarInfo(f"otp_genesis-{built.version}/{name}")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(built.sdist) as before:
        kept = [(one, before.extractfile(one)) for one in before.getmembers()]
        with tarfile.open(built.sdist.with_suffix(".new"), "w:gz") as archive:
            for one, content in kept:
                archive.addfile(one, content)
            archive.addfile(member)
    built.sdist.with_suffix(".new").replace(built.sdist)
    assert list(release_check.sdist_problems(built)) == [
        problem for problem in release_check.sdist_problems(built) if told in problem
    ]
    assert list(release_check.sdist_problems(built))


def test_an_sdist_that_lacks_something_is_refused(built: Built) -> None:
    more = replace(built, tracked=built.tracked | {"bot/forgotten.py"})
    assert list(release_check.sdist_problems(more)) == ["the sdist lacks bot/forgotten.py"]


def test_two_kinds_of_metadata_are_refused(built: Built) -> None:
    name = f"otp_genesis-{built.version}.dist-info/METADATA"
    with zipfile.ZipFile(built.wheel) as archive:
        text = archive.read(name)
    rewritten(built.wheel, {name: text.replace(b"Requires-Dist: rich", b"Requires-Dist: rych")})
    found = list(release_check.metadata_problems(built))
    assert found[0] == "the wheel and the sdist tell different metadata"
    assert any("rych" in problem for problem in found)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"Name: ../otp", "metadata:"),
        (b"Version: not one", "metadata:"),
        (b"Requires-Python: yes", "metadata:"),
        (b"License-Expression: BSD-3-Clause", "tells the licence BSD-3-Clause"),
        (b"Description-Content-Type: text/plain", "no description in Markdown"),
    ],
)
def test_metadata_that_is_wrong_is_refused(built: Built, line: bytes, told: str) -> None:
    name = f"otp_genesis-{built.version}.dist-info/METADATA"
    with zipfile.ZipFile(built.wheel) as archive:
        text = archive.read(name)
    key = line.split(b":")[0]
    changed, times = re.subn(rb"^" + key + rb": .*$", line, text, count=1, flags=re.MULTILINE)
    assert times == 1
    rewritten(built.wheel, {name: changed})
    assert told in "\n".join(release_check.metadata_problems(built))


def test_metadata_of_another_version_is_refused(built: Built) -> None:
    told = "\n".join(
        release_check.metadata_problems(
            replace(built, project={**built.project, "requires-python": ">=3.8"})
        )
    )
    assert "asks for Python >=3.11" in told


@pytest.mark.parametrize("lock", sbom.LOCKS)
def test_an_sbom_names_every_locked_package_with_its_sums(clone: Path, lock: str) -> None:
    document = json.loads(
        (clone / "build" / "papers" / f"otp-genesis-0.1.0-{lock}.cdx.json").read_text()
    )
    text = (clone / "requirements" / f"{lock}.txt").read_text()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom.components(document) == sbom.pins(text)
    assert len(document["components"]) == len(re.findall(r"^\S", text, re.MULTILINE))
    (pydantic,) = re.findall(r"^pydantic==(\S+)", text, re.MULTILINE)
    assert f"pkg:pypi/pydantic@{pydantic}" in {part["purl"] for part in document["components"]}


def test_an_sbom_of_a_lock_with_a_strange_line_is_not_written() -> None:
    with pytest.raises(SystemExit, match="no pin"):
        sbom.pins("a==1 \\\n    --hash=sha256:0\n-r other.txt\n")


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?", fullmatch=True)
EXTRAS = st.sampled_from(["", "[binary]", "[async, httpx]"])
MARKERS = st.sampled_from(["", " ; sys_platform == 'win32'", " ; python_full_version < '3.12'"])
VERSIONS = st.from_regex(r"[0-9]{1,4}[.][0-9]{1,3}([.]post[0-9])?", fullmatch=True)
SUMS = st.sets(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=3)


@given(st.dictionaries(NAMES, st.tuples(EXTRAS, VERSIONS, MARKERS, SUMS), min_size=1, max_size=5))
def test_every_pin_of_a_lock_is_read(entries: dict[str, tuple[str, str, str, set[str]]]) -> None:
    text = "".join(
        f"{name}{extra}=={version}{marker} \\\n"
        + " \\\n".join(f"    --hash=sha256:{digest}" for digest in sorted(digests))
        + "\n"
        for name, (extra, version, marker, digests) in entries.items()
    )
    assert sbom.pins(text) == {
        (name, version): frozenset(digests) for name, (_, version, _, digests) in entries.items()
    }


@given(st.text(), st.text(alphabet="# v0123456789.,-\nunreleased"))
def test_no_tag_and_no_changelog_break_the_check(tag: str, changelog: str) -> None:
    found = list(release_check.tag_problems(tag, PROJECT, changelog))
    assert found or tag == "v1.2.0"
