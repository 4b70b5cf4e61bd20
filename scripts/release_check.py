"""`python -m scripts.release_check TAG DIST PAPERS`: may this wheel and this sdist be published?

It reads what was built and executes nothing of it. DIST holds one wheel and one sdist; PAPERS gets
their sums and the notes. Every objection is told, not only the first.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import stat
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
_SECTION = re.compile(r"^## (\S+), (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
SHIPPED = (
    "bot",
    "pipelines",
    *(f"requirements/{lock}.txt" for lock in ("run", "models", "server")),
)
_SDIST = {
    "bot",
    "pipelines",
    "requirements",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "pyproject.toml",
    "PKG-INFO",
}
_SDIST |= {".gitignore"}  # hatchling always adds it


@dataclass(frozen=True)
class Built:
    """The two files, and the project they were built from."""

    wheel: Path
    sdist: Path
    project: dict[str, Any]
    tracked: frozenset[str]
    """Files git knows that are to be in both, relative to the root."""

    @property
    def version(self) -> str:
        """As pyproject.toml has it."""
        return str(self.project["version"])


def tag_problems(tag: str, project: dict[str, Any], changelog: str) -> Iterator[str]:
    """Whether the tag, the version and the changelog tell of one release."""
    version = project["version"]
    if str(Version(version)) != version:
        yield f"{version} is not how the version is written on PyPI: {Version(version)}"
    if tag != f"v{version}":
        yield f"the tag is {tag}, the version {version}: it must be v{version}"
    sections = {name: (day, text.strip()) for name, day, text in _SECTION.findall(changelog)}
    day, text = sections.get(version, ("", ""))
    if not text:
        yield f"CHANGELOG.md has nothing under `## {version}, <day>`"
    elif not _DAY.match(day):
        yield f"CHANGELOG.md says {version} is {day}, not of which day"


def wheel_problems(built: Built) -> Iterator[str]:
    """What is in the wheel, against what git knows and what its own list says."""
    info = f"otp_genesis-{built.version}.dist-info"
    with zipfile.ZipFile(built.wheel) as archive:
        names = archive.namelist()
        modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
        yield from _listed(archive, f"{info}/RECORD")
        entry = archive.read(f"{info}/entry_points.txt").decode()
    if len(set(names)) != len(names):
        yield "the wheel has a file twice"
    shipped = {_shipped(name) for name in built.tracked}
    yield from (f"the wheel lacks {name}" for name in sorted(shipped - set(names)))
    strange = [n for n in names if n not in shipped and not n.startswith(f"{info}/")]
    yield from (f"the wheel has {name}, which git does not know" for name in strange)
    links = [name for name, mode in modes.items() if stat.S_IFMT(mode) not in (0, stat.S_IFREG)]
    yield from (f"in the wheel {name} is no file" for name in links)
    if "genesis = bot.cli:main" not in entry:
        yield "the wheel does not install the command genesis"


def sdist_problems(built: Built) -> Iterator[str]:
    """What is in the sdist: plain files below one folder, and only what was meant to be."""
    prefix = f"otp_genesis-{built.version}"
    with tarfile.open(built.sdist) as archive:
        members = archive.getmembers()
    names = set()
    for member in members:
        parts = PurePosixPath(member.name).parts
        if not (member.isfile() or member.isdir()) or ".." in parts or parts[0] != prefix:
            yield f"in the sdist {member.name} is no plain file below {prefix}"
        elif len(parts) > 1 and parts[1] not in _SDIST:
            yield f"the sdist has {member.name}"
        names.add("/".join(parts[1:]))
    yield from (f"the sdist lacks {name}" for name in sorted(built.tracked - names))


def metadata_problems(built: Built) -> Iterator[str]:
    """What PyPI will read, by the rules of the core metadata, and against pyproject.toml."""
    info = f"otp_genesis-{built.version}.dist-info"
    with zipfile.ZipFile(built.wheel) as archive:
        of_wheel = archive.read(f"{info}/METADATA")
    with tarfile.open(built.sdist) as archive:
        member = archive.extractfile(f"otp_genesis-{built.version}/PKG-INFO")
        of_sdist = member.read() if member else b""
    if of_wheel != of_sdist:
        yield "the wheel and the sdist tell different metadata"
    try:
        told = Metadata.from_email(of_wheel, validate=True)
    except ExceptionGroup as problems:
        yield from (f"metadata: {problem}" for problem in problems.exceptions)
        return
    project = built.project
    if (told.name, str(told.version)) != (project["name"], project["version"]):
        yield f"the metadata is of {told.name} {told.version}"
    if str(told.requires_python) != project["requires-python"]:
        yield f"the metadata asks for Python {told.requires_python}"
    if told.license_expression != project["license"]:
        yield f"the metadata tells the licence {told.license_expression}"
    if told.description_content_type != "text/markdown" or not (told.description or "").strip():
        yield "the metadata has no description in Markdown"
    needed = {str(Requirement(one)) for one in project["dependencies"]}
    plain = {str(one) for one in told.requires_dist or () if "extra ==" not in str(one)}
    yield from (f"the metadata differs in {one}" for one in sorted(needed ^ plain))


def notes(version: str, changelog: str) -> str:
    """What the changelog says of this version."""
    return next(
        (text.strip() for name, _, text in _SECTION.findall(changelog) if name == version), ""
    )


def sums(paths: list[Path]) -> str:
    """As `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(paths)
    )


def read(folder: Path) -> Built:
    """What lies in `folder`; ends the program when that is not one wheel and one sdist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = sorted(folder.iterdir())
    expected = [f"otp_genesis-{project['version']}-py3-none-any.whl"]
    expected += [f"otp_genesis-{project['version']}.tar.gz"]
    if [path.name for path in found] != expected:
        raise SystemExit(f"{folder} holds {[p.name for p in found]}, not {expected}")
    command = ["git", "ls-files", "-z", "--", *SHIPPED]
    listed = subprocess.run(  # noqa: S603 - argv only, never a shell
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return Built(found[0], found[1], project, frozenset(filter(None, listed.split("\0"))))


def main() -> int:
    """Tells every objection; writes the sums and the notes when there is none."""
    tag, dist, papers_name = sys.argv[1:]
    built = read(Path(dist))
    changelog = (ROOT / "CHANGELOG.md").read_text()
    problems = [
        *tag_problems(tag, built.project, changelog),
        *wheel_problems(built),
        *sdist_problems(built),
        *metadata_problems(built),
    ]
    for problem in problems:
        print(f"NOT to be published: {problem}", file=sys.stderr)
    if problems:
        return 1
    papers = Path(papers_name)
    papers.mkdir(parents=True, exist_ok=True)
    (papers / "notes.md").write_text(notes(built.version, changelog) + "\n")
    (papers / "SHA256SUMS").write_text(sums([built.wheel, built.sdist]))
    print((papers / "SHA256SUMS").read_text(), end="")
    return 0


def _shipped(name: str) -> str:
    """Where a file of the repository stands in the wheel."""
    for folder, place in (("pipelines/", "bot/_pipelines/"), ("requirements/", "bot/_locks/")):
        if name.startswith(folder):
            return place + name.removeprefix(folder)
    return name


def _listed(archive: zipfile.ZipFile, record: str) -> Iterator[str]:
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(archive.read(record).decode()))}
    for name in archive.namelist():
        digest = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest())
        expected = f"sha256={digest.rstrip(b'=').decode()}" if name != record else ""
        if rows.get(name) != expected:
            yield f"the wheel's own list is wrong about {name}"


if __name__ == "__main__":
    sys.exit(main())
