"""The rules of the house that no linter checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.errors import Exit

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "bot").rglob("*.py"))
PYTHON = sorted(p for top in ("bot", "tests", "benchmarks") for p in (ROOT / top).rglob("*.py"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
MODULE_LINES = 250
FUNCTION_LINES = 40
CATCH_ALL = {"utils", "util", "common", "manager", "managers", "helpers", "misc"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def comments(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def lines_of_code(path: Path) -> int:
    """Lines without the inside of long texts: a rule's Elixir samples are data beside the code."""
    text = path.read_text()
    tree = ast.parse(text)
    documentation = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    inside: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in documentation:
            continue
        if isinstance(node.value, str) and node.end_lineno:
            inside |= set(range(node.lineno + 1, node.end_lineno + 1))
    return len(text.splitlines()) - len(inside)


def test_long_texts_are_not_code_but_docstrings_are(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""One.\n\nTwo.\n"""\nSAMPLE = """\na\nb\n"""\n')
    assert lines_of_code(module) == 5


def test_modules_are_short() -> None:
    lengths = {relative(p): lines_of_code(p) for p in MODULES}
    assert {p: n for p, n in lengths.items() if n > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{relative(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in functions(path)
        if node.end_lineno and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_module_names_say_something() -> None:
    assert [relative(p) for p in MODULES if p.stem in CATCH_ALL] == []


def test_modules_say_what_they_are_for() -> None:
    silent = [
        relative(p)
        for p in MODULES
        if p.read_text() and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


REASONED = re.compile(
    r"#\s*(noqa: [A-Z0-9]+(, ?[A-Z0-9]+)*|type: ignore\[[a-z, -]+\])(\s*[-#]+\s*|\s{2,})\w.{6,}"
)
SILENCING = re.compile(r"#\s*(noqa|type: ignore)\b")


@pytest.mark.parametrize(
    ("comment", "reasoned"),
    [
        ("# noqa: S603 - argv only, never a shell", True),
        ("# type: ignore[attr-defined]  # the stub lags behind", True),
        ("# noqa: S603  argv only, never a shell", True),
        ("# noqa: S603", False),
        ("# noqa", False),
        ("# type: ignore", False),
        ("# type: ignore[misc]", False),
    ],
)
def test_a_silenced_warning_needs_a_reason(comment: str, reasoned: bool) -> None:
    assert bool(REASONED.search(comment)) is reasoned


def test_silenced_warnings_carry_their_reason() -> None:
    bare = [
        f"{relative(path)}:{line} {text}"
        for path in PYTHON
        for line, text in comments(path)
        if SILENCING.match(text) and not REASONED.search(text)
    ]
    assert bare == []


def test_the_table_of_exit_codes_is_complete() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == {e.name: e.value for e in Exit}


def project() -> dict[str, object]:
    data: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return data


def locked(path: Path) -> dict[str, Version]:
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE
    )
    return {canonicalize_name(name): Version(version) for name, version in pins}


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_locks_name_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"://|^-|index|find-links", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_locks_fit_the_declared_ranges(lock: Path) -> None:
    data = project()
    wanted: list[str] = list(data["dependencies"])  # type: ignore[call-overload]  # a list in TOML
    if lock.stem == "dev":
        wanted += data["optional-dependencies"]["dev"]  # type: ignore[index]  # a table in TOML
    pins = locked(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            requirement
        )


def test_the_run_lock_is_part_of_the_dev_lock() -> None:
    run, dev = (locked(ROOT / "requirements" / f"{name}.txt") for name in ("run", "dev"))
    assert run.items() <= dev.items()


def test_each_dependency_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start, end = lines.index("dependencies = ["), lines.index("[project.scripts]")
    bare = [x for x in lines[start:end] if re.match(r'\s+"', x) and not re.search(r'",\s+# \S', x)]
    assert bare == []


def test_the_wheel_carries_the_pipelines_and_all_of_the_bot(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("otp_genesis-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {p.relative_to(ROOT / "pipelines").as_posix() for p in files_in("pipelines")}
    assert {f"bot/_pipelines/{name}" for name in shipped} <= names
    assert {p.relative_to(ROOT).as_posix() for p in files_in("bot")} <= names
    assert not [n for n in names if n.startswith(("tests/", "examples/"))]


def files_in(folder: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--", folder]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_core_starts_without_vendor_packages() -> None:
    """Analysing needs no model and no server, so it must not pay for importing them."""
    heavy = ("anthropic", "google.genai", "githubkit", "fastapi", "dbos")
    code = f"import sys, bot.core.finding; print([m for m in {heavy!r} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert shown == "[]\n"


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """Paths of a developer's machine are useless to everyone else and tell too much."""
    homes = re.compile(r"/(home|Users)/(?!dev/)[a-z]\w+/|/roo[t]/|/wor[k]/\w+")
    told = [
        f"{relative(path)}:{number}"
        for path in files_in(".")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if homes.search(line)
    ]
    assert told == []


@pytest.mark.parametrize(
    "target",
    ["install", "elixir", "demo", "test", "lint", "docs", "bench", "bench-context", "clean"],
)
def test_make_knows_its_targets(target: str) -> None:
    command = ["make", "--dry-run", "--always-make", target]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip()
