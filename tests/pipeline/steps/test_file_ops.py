# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.core.ports import Workspace
from bot.errors import ConfigError, Refused, Unusable
from bot.pipeline.results import RunResult
from bot.pipeline.services import Services
from tests.codebase.support import settings_in
from tests.fakes.workspace import MemoryWorkspace
from tests.pipeline.support import run, steps

TREE = {
    "src/a.ex": "a", "src/deep/b.ex": "b", "src/deep/a.txt": "t", "test/a_test.exs": "test",
    "README.md": "read me", ".formatter.exs": "[]", "data.csv": "id,name\n1,x\n",
}  # fmt: skip


def tree(**more: str) -> MemoryWorkspace:
    return MemoryWorkspace.of({**TREE, **more})


def do(workspace: Workspace, body: str, **inputs: Any) -> RunResult:
    """One file_ops step written in YAML."""
    loaded = steps(f"- {{name: f, type: file_ops, {body}}}")
    return run(loaded, inputs, services=Services(codebase=workspace))


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("source: README.md, destination: b.md", ["b.md"]),
        ("source: ./README.md, destination: ./docs/", ["docs/README.md"]),
        ("source: README.md, destination: src", ["src/README.md"]),
        ("source: README.md, destination: new/dir/x.md", ["new/dir/x.md"]),
        ("source: [README.md, src/a.ex], destination: out", ["out/README.md", "out/a.ex"]),
        ("source: 'src/**/*.ex', destination: out/", ["out/a.ex", "out/b.ex"]),
        ("source: 'src/*.ex', destination: out/", ["out/a.ex"]),
        ("source: '{src,test}/*.{ex,exs}', destination: out/", ["out/a.ex", "out/a_test.exs"]),
        ("source: 'src/**/*.ex', destination: out/, options: {preserve_structure: true}", ["out/a.ex", "out/deep/b.ex"]),
        ("source: {pattern: 'src/**/*', exclude: ['**/*.txt']}, destination: out/", ["out/a.ex", "out/b.ex"]),
        ("source: [{pattern: 'src/**/*', exclude: ['src/deep/*']}], destination: out/", ["out/a.ex"]),
        ("source: src/, destination: out/, recursive: true", ["out/a.ex", "out/deep/a.txt", "out/deep/b.ex"]),
        ("source: [src, test], destination: out, options: {recursive: true}",
         ["out/a.ex", "out/deep/a.txt", "out/deep/b.ex", "out/a_test.exs"]),
        ("source: '{{ name }}.md', destination: '{{ to }}'", ["z/README.md"]),
        ("source: '{{ list }}', destination: out", ["out/README.md", "out/data.csv"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["copy", "stream_copy", "move"])
def test_files_are_copied_and_moved(operation: str, body: str, places: list[str]) -> None:
    workspace = tree()
    before = workspace.texts()
    result = do(
        workspace,
        f"operation: {operation}, {body}",
        name="README",
        to="z/",
        list=["README.md", "data.csv"],
    )
    assert result.error is None
    data = result.steps["f"].data
    assert (data["files"], data["count"], data["status"]) == (places, len(places), "completed")
    for transfer in data["transfers"]:
        assert workspace.texts()[transfer["destination"]] == before[transfer["source"]]
        assert (transfer["source"] in workspace.files) is (operation != "move")
    assert len(workspace.files) == len(before) + (0 if operation == "move" else len(places))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("operation: copy, source: nope.md, destination: x", "no such file: 'nope.md'"),
        ("operation: copy, source: 'lib/*', destination: x/", "no file matches 'lib/*'"),
        ("operation: copy, source: src, destination: x", "'src' is a directory (set recursive: true)"),
        ("operation: copy, source: README.md, destination: src/a.ex", "'src/a.ex' exists (set overwrite: true"),
        ("operation: copy, source: README.md, destination: README.md", "is there already"),
        ("operation: copy, source: ['src/a.ex', 'src/deep/a.txt', 'test/../x'], destination: o", "outside the code base"),
        ("operation: copy, source: [src/a.ex, other/a.ex], destination: o", "would both become 'o/a.ex'"),
        ("operation: copy, source: /etc/passwd, destination: x", "'/etc/passwd' is outside the code base"),
        ("operation: copy, source: ../x, destination: x", "outside the code base"),
        ("operation: copy, source: README.md, destination: ../x", "outside the code base"),
        ("operation: copy, source: README.md, destination: .git/config", "not a path we may touch"),
        ("operation: copy, source: '../**/*', destination: x/", "outside the code base"),
        ("operation: copy, source: '{{ empty }}', destination: x", "'source' must be paths"),
        ("operation: copy, source: '{{ number }}', destination: x", "'source' must be paths"),
        ("operation: delete, path: nope", "no such file: 'nope'"),
        ("operation: delete, path: src", "is a directory (set recursive: true)"),
        ("operation: delete, files: ['*.md', '*.tmp']", "no file matches '*.tmp'"),
        ("operation: list, path: lib", "there is no directory 'lib'"),
        ("operation: read, path: nope", "no such file"),
        ("operation: read, path: binary", "is not UTF-8"),
        ("operation: write, path: ../x, content: c", "outside the code base"),
        ("operation: write, path: '{{ empty }}', content: c", "'path' is empty"),
        ("operation: convert, source: binary, destination: x.json, format: csv_to_json", "is not UTF-8"),
        ("operation: convert, source: ['README.md', data.csv], destination: x, format: csv_to_json", "takes one file, not 2"),
        ("operation: stream_process, source: README.md, processor: replace, pattern: '{{ empty }}'", "'pattern' is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_nothing_is_changed(body: str, message: str) -> None:
    workspace = tree(**{"other/a.ex": "other"})
    workspace.files["binary"] = b"\xff\x00"
    before = dict(workspace.files)
    result = do(workspace, body, empty="", number=3)
    assert message in str(result.error)
    assert workspace.files == before
    assert not workspace.restored, "it is known before anything is done"


@pytest.mark.parametrize("operation", ["copy", "move"])
def test_an_operation_that_fails_half_way_leaves_nothing_half_done(operation: str) -> None:
    workspace = tree()
    workspace.broken.add("out/b.ex")
    before = dict(workspace.files)
    result = do(workspace, f"operation: {operation}, source: 'src/**/*.ex', destination: out/")
    assert "'out/b.ex' cannot be written" in str(result.error)
    assert workspace.files == before
    assert workspace.restored == ["s0"]


def test_deleting_is_whole_too() -> None:
    workspace = tree()
    workspace.broken.add("src/deep/b.ex")
    before = dict(workspace.files)
    assert do(workspace, "operation: delete, path: src, recursive: true").error is not None
    assert workspace.files == before


def test_existing_files_are_replaced_only_when_asked() -> None:
    workspace = tree()
    body = "operation: copy, source: README.md, destination: src/a.ex, options: {overwrite: true}"
    assert do(workspace, body).error is None
    assert workspace.read("src/a.ex") == "read me"


def test_binary_files_are_copied_byte_for_byte() -> None:
    workspace = tree()
    workspace.files["logo.png"] = b"\x89PNG\xff\x00"
    assert do(workspace, "operation: move, source: logo.png, destination: priv/").error is None
    assert workspace.files["priv/logo.png"] == b"\x89PNG\xff\x00"
    assert "logo.png" not in workspace.files


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ("path: README.md", {"README.md"}),
        ("path: src, recursive: true", {"src/a.ex", "src/deep/b.ex", "src/deep/a.txt"}),
        ("files: ['**/*.ex', README.md]", {"src/a.ex", "src/deep/b.ex", "README.md"}),
        ("files: [{pattern: 'src/**/*', exclude: ['src/*']}]", {"src/deep/b.ex", "src/deep/a.txt"}),
        ("files: '{{ list }}'", {"README.md", "data.csv"}),
    ],
)
def test_files_are_deleted(body: str, gone: set[str]) -> None:
    workspace = tree()
    result = do(workspace, f"operation: delete, {body}", list=["README.md", "data.csv"])
    assert set(result.steps["f"].data["files"]) == gone
    assert set(TREE) - set(workspace.files) == gone


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("path: src", ["src/a.ex"]),
        ("path: ./src/, recursive: true", ["src/a.ex", "src/deep/a.txt", "src/deep/b.ex"]),
        ("path: src, pattern: '*.ex', recursive: true", ["src/a.ex", "src/deep/b.ex"]),
        ("path: src, pattern: '**/*.ex'", ["src/a.ex", "src/deep/b.ex"]),
        ("path: ., pattern: '*.{md,csv}'", ["README.md", "data.csv"]),
        ("pattern: '*'", [".formatter.exs", "README.md", "data.csv"]),
        ("options: {include_hidden: false}", ["README.md", "data.csv"]),
        (
            "path: src, options: {pattern: '**/*', sort_by: size, limit: 2}",
            ["src/a.ex", "src/deep/a.txt"],
        ),
        ("path: src, pattern: '*.py'", []),
    ],
)
def test_files_are_listed(body: str, files: list[str]) -> None:
    result = do(tree(), f"operation: list, {body}")
    data = result.steps["f"].data
    assert (data["files"], data["count"]) == (files, len(files))
    assert data["left_out"] == (1 if "limit" in body else 0)


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("{path: README.md, must_exist: true, min_size: 7, max_size: 7}", None),
        ("{path: README.md, min_size: 8}", "has 7 bytes, less than 8"),
        ("{path: README.md, max_size: 6}", "has 7 bytes, more than 6"),
        ("{path: nope}", "does not exist"),
        ("{path: nope, must_exist: false}", None),
        ("{path: src, must_exist: false}", "exists"),
        ("{path: src/, must_be_dir: true, must_contain: [a.ex, deep/b.ex]}", None),
        ("{path: src, must_contain: [a.ex, c.ex]}", "does not contain c.ex"),
        ("{path: README.md, must_be_dir: true}", "is no directory"),
        ("{path: src, must_be_file: true}", "is no file"),
        ("{path: ok.json, validate_json: true}", None),
        ("{path: README.md, validate_json: true}", "is no JSON"),
        ("{pattern: '*.json', validate_json: true}", None),
        ("{pattern: '*.toml'}", "no file matches"),
        ("{pattern: '*.toml', must_exist: false}", None),
        ("{pattern: '*.md', must_exist: false}", "exists"),
        ("README.md", None),
        ("'{{ name }}'", "does not exist"),
        ("{path: '{{ name }}'}", "does not exist"),
    ],
)
def test_files_are_validated(check: str, error: str | None) -> None:
    result = do(tree(**{"ok.json": "[1]"}), f"operation: validate, files: [{check}]", name="x.md")
    data = result.steps["f"].data
    found = [r["error"] for r in data["results"] if r["error"]]
    if error is None:
        assert (result.error, found, data["status"]) == (None, [], "completed")
    else:
        assert isinstance(result.error, Unusable)
        assert error in found[0]
        assert error in result.error.message
        assert (data["status"], result.steps["f"].status) == ("failed", "failed")


def test_names_from_data_are_no_templates() -> None:
    workspace = MemoryWorkspace({"{{ secret }}.md": b"x", "s3.md": b"y"})
    inputs = {"names": ["{{ secret }}.md"], "secret": "s3"}
    checks = do(workspace, "operation: validate, files: '{{ names }}'", **inputs)
    assert checks.steps["f"].data["files"] == ["{{ secret }}.md"]
    moved = do(workspace, "operation: move, source: '{{ names }}', destination: o/", **inputs)
    assert moved.steps["f"].data["files"] == ["o/{{ secret }}.md"]
    assert do(workspace, "operation: delete, path: 'o/{{ names[0] }}'", **inputs).error is None
    assert set(workspace.files) == {"s3.md"}


@pytest.mark.parametrize(
    ("processor", "text"),
    [
        ("", " a\n B \n"), ("processor: uppercase", " A\n B \n"), ("processor: lowercase", " a\n b \n"),
        ("processor: trim", "a\nB\n"), ("processor: replace, pattern: B, replacement: '{{ r }}'", " a\n x \n"),
    ],
)  # fmt: skip
def test_lines_are_processed(processor: str, text: str) -> None:
    workspace = MemoryWorkspace({"a.txt": b" a\n B \n"})
    result = do(workspace, f"operation: stream_process, source: a.txt, {processor}", r="x")
    assert result.error is None
    assert workspace.texts() == {"a.txt": text}
    assert result.steps["f"].data["changed"] == (["a.txt"] if processor else [])


def test_reading_writing_and_appending() -> None:
    workspace = tree()
    written = do(workspace, "operation: write, path: a/b.md, content: 'x {{ y }}'", y="{{ z }}")
    assert written.steps["f"].data["created"] is True
    assert "+x {{ z }}" in written.steps["f"].data["diff"]
    do(workspace, "operation: append, path: a/b.md, content: '!'")
    do(workspace, "operation: append, path: a/c.md, content: '?'")
    assert (workspace.read("a/b.md"), workspace.read("a/c.md")) == ("x {{ z }}!", "?")
    read = do(workspace, "operation: read, path: a/b.md")
    assert (read.steps["f"].data["content"], read.steps["f"].text) == ("x {{ z }}!", "x {{ z }}!")


def test_what_was_found_can_be_a_variable() -> None:
    text = """
    - {name: l, type: file_ops, operation: list, path: src, output_field: found}
    - {name: r, type: file_ops, operation: read, path: "{{ found[0] }}", output_field: text}
    - {name: s, type: set_variable, variables: {t: "{{ text ~ found | length }}"}}
    """
    result = run(steps(text, head="inputs: {}"), services=Services(codebase=tree()))
    assert result.steps["s"].data == {"t": "a1"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("operation: copy, source: a", "operation 'copy' needs 'destination'"),
        ("operation: copy, source: a, destination: b, format: csv_to_json", "operation 'copy' takes source, destination, recursive, options; not 'format'"),
        ("operation: delete", "exactly one of 'path' and 'files'"),
        ("operation: delete, path: a, files: [b]", "exactly one of 'path' and 'files'"),
        ("operation: delete, files: [{path: a, min_size: 1}]", "takes paths and patterns, no checks"),
        ("operation: delete, files: [{pattern: a, older_than: 7 days}]", "older_than"),
        ("operation: wait, duration_seconds: 60", "operation"),
        ("operation: list, workspace_dir: /", "not supported here: files are always those of the code base"),
        ("operation: list, options: {dry_run: true}", "not supported here: run the pipeline with --dry-run"),
        ("operation: copy, source: a, destination: b, options: {preserve_timestamps: true}", "git keeps no times"),
        ("operation: stream_process, source: a, processor: mine", "processor"),
        ("operation: stream_process, source: a, pattern: b", "'pattern' belongs to, and only to, processor 'replace'"),
        ("operation: stream_process, source: a, processor: replace", "'pattern' belongs to"),
        ("operation: validate, files: [{path: a, pattern: b}]", "exactly one of 'path' and 'pattern'"),
        ("operation: list, output_field: steps", "'steps' is reserved"),
        ("operation: read, path: '{{ steps.later.x }}'", "there is no step 'later'"),
        ("operation: delete, files: ['{{ nope( }}']", "unexpected"),
    ],
)  # fmt: skip
def test_mistakes_are_found_when_the_pipeline_is_read(body: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        steps(f"- {{name: f, type: file_ops, {body}}}")
    assert message in str(error.value)


def test_without_a_code_base_it_says_so() -> None:
    result = run(steps("- {name: f, type: file_ops, operation: list}"))
    assert isinstance(result.error, Refused)
    assert "step 'f' needs a code base" in str(result.error)


def test_on_a_real_tree_modes_are_kept_and_a_failure_is_undone(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "bin").mkdir(parents=True)
    (root / "bin/run.sh").write_bytes(b"#!/bin/sh\n\xff")
    (root / "bin/run.sh").chmod(0o755)
    (root / "bin/b.txt").write_text("b")
    (root / "taken").mkdir()
    (root / "taken/b.txt").symlink_to("/etc/hostname")
    base = Codebase(WorkFiles(root), settings=settings_in(tmp_path))
    failed = do(
        base, "operation: move, source: 'bin/*', destination: taken/, options: {overwrite: true}"
    )
    assert isinstance(failed.error, Refused)
    assert base.list() == ("bin/b.txt", "bin/run.sh")
    moved = do(base, "operation: move, source: 'bin/*', destination: scripts/")
    assert moved.error is None
    assert base.list() == ("scripts/b.txt", "scripts/run.sh")
    assert (root / "scripts/run.sh").stat().st_mode & 0o777 == 0o755
    assert json.loads(moved.steps["f"].text)["count"] == 2
