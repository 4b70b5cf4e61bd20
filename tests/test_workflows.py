"""What every workflow, action, template and example of ours must be, as data.

Linters know what is usual; these are the rules of this house. A right to write or a secret that is
not in the tables below is one that nobody has thought about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.workflow_files import MARKS, Written, written

ROOT = Path(__file__).resolve().parents[1]
FOUND = {one.path: one for one in written(ROOT)}
WORKFLOWS = {path: one for path, one in FOUND.items() if one.kind == "workflow"}
OURS = {path: one for path, one in WORKFLOWS.items() if path.startswith(".github/")}

WRITES = {
    ".github/workflows/codeql.yml": {"analyse": {"security-events"}},
    ".github/workflows/locks.yml": {"propose": {"contents", "pull-requests"}},
    ".github/workflows/release.yml": {
        "attest": {"id-token", "attestations"},
        "pypi": {"id-token"},
        "push": {"packages", "id-token", "attestations"},
        "publish": {"contents"},
    },
    ".github/workflows/stage.yml": {"publish": {"contents", "id-token", "attestations"}},
}
"""Every right to write that a job of this repository's workflows has."""

SECRETS = {
    ".github/workflows/bot.yml": {
        "react": {"ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GENESIS_PRIVATE_KEY", "GENESIS_SEAL"}
    },
    ".github/workflows/stage.yml": {"work": {"ANTHROPIC_API_KEY", "GEMINI_API_KEY"}},
}
"""Every secret that a job reads. The job's own token is no secret of these."""

THE_CALLER_SAYS = {".github/workflows/bot.yml"}
"""Called workflows whose rights are for the caller to grant: without `permissions` they have these.

With an App the job's own token needs no right, without one it needs several.
"""

EXECUTES_NOTHING = {
    ".github/workflows/release.yml": {"attest", "pypi", "push", "publish"},
    ".github/workflows/locks.yml": {"propose"},
}
"""Jobs that may write, and so run neither an installed package nor a file of the repository."""

_USES = re.compile(r"^\s*(?:- )?uses:\s*[\"']?([^\s\"'#]+)[\"']?\s*(?:#\s*(.*))?$", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_RELEASE = re.compile(r"v\d+\.\d+\.\d+\Z")
_OUR_PLACE = "otp-genesis/otp-genesis"


def uses(one: Written) -> Iterator[tuple[str, str, str]]:
    """Action, commit and the release told beside it, of each use of something elsewhere."""
    for name, comment in _USES.findall(one.text):
        if not name.startswith(("./", "$/")):
            action, _, ref = name.partition("@")
            yield action, ref, comment.strip()


def jobs(found: dict[str, Written]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, one in found.items():
        work: Any = one.data["jobs"]
        for name, job in work.items():
            yield path, name, job


def steps(one: Written) -> Iterator[dict[str, Any]]:
    data: Any = one.data
    if one.kind == "workflow":
        for job in data["jobs"].values():
            yield from job.get("steps", ())
    elif one.kind == "action":
        yield from data["runs"]["steps"]


def table(found: Iterator[tuple[str, str, set[str]]]) -> dict[str, dict[str, set[str]]]:
    rows: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for path, job, names in found:
        if names:
            rows[path][job] = names
    return dict(rows)


def test_there_is_something_to_look_at() -> None:
    assert set(OURS) >= set(WRITES) | {".github/workflows/ci.yml"}
    assert any("/templates/" in path for path in WORKFLOWS)


@pytest.mark.parametrize("path", FOUND)
def test_every_action_is_pinned_to_a_commit_with_its_release_beside_it(path: str) -> None:
    one = FOUND[path]
    bad = [f"{action}@{ref}" for action, ref, _ in uses(one) if not _COMMIT.match(ref)]
    assert bad == []
    bare = [
        action
        for action, ref, release in uses(one)
        if ref != MARKS["@REF@"] and not _RELEASE.match(release)
    ]
    assert bare == []


def test_an_action_is_the_same_one_everywhere() -> None:
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in FOUND.values():
        for action, ref, release in uses(one):
            owner, name, *_ = action.split("/")
            if f"{owner}/{name}" != _OUR_PLACE:
                seen[f"{owner}/{name}"].add((ref, release))
    assert {action: pins for action, pins in seen.items() if len(pins) > 1} == {}
    assert "actions/checkout" in seen


@pytest.mark.parametrize("path", WORKFLOWS)
def test_nothing_is_permitted_that_a_job_does_not_ask_for(path: str) -> None:
    data: Any = WORKFLOWS[path].data
    if path in THE_CALLER_SAYS:
        assert set(data[True]) == {"workflow_call"}
        assert "permissions" not in data
    else:
        assert data["permissions"] == {}


def test_every_job_says_what_it_may_do() -> None:
    silent = [
        f"{path} {name}"
        for path, name, job in jobs(WORKFLOWS)
        if not isinstance(job.get("permissions"), dict) and path not in THE_CALLER_SAYS
    ]
    assert silent == []


def test_the_rights_to_write_are_these() -> None:
    rights = (
        (path, name, {right for right, how in job.get("permissions", {}).items() if how == "write"})
        for path, name, job in jobs(OURS)
    )
    assert table(rights) == WRITES


def test_the_secrets_are_read_by_these() -> None:
    read = (
        (path, name, set(re.findall(r"secrets\.(\w+)", str(job)))) for path, name, job in jobs(OURS)
    )
    assert table(read) == {path: row for path, row in SECRETS.items() if path in OURS}
    # Nor by another way: all of them, by a computed name, or for every job at once.
    otherwise = re.compile(
        r"secrets:\s*inherit|\bsecrets\s*(?:\[|\))|toJSON\(\s*secrets", re.IGNORECASE
    )
    assert [path for path, one in FOUND.items() if otherwise.search(one.text)] == []
    for path, one in WORKFLOWS.items():
        outside = {key: value for key, value in one.data.items() if key not in ("jobs", True)}
        assert "secrets" not in str(outside), path


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, names in EXECUTES_NOTHING.items() for name in sorted(names)],
)
def test_what_may_write_executes_nothing_of_the_repository(path: str, name: str) -> None:
    jobs_of: Any = WORKFLOWS[path].data["jobs"]
    job = jobs_of[name]
    scripts = "\n".join(step.get("run", "") for step in job["steps"])
    assert not re.search(
        r"\b(python3?|pip|make|npm|node|bash|sh|source|uv|docker build)\b", scripts
    )
    assert not re.search(r"(^|\s)\.\.?/\S", scripts.replace("../papers/SHA256SUMS", ""))
    local = [step["uses"] for step in job["steps"] if step.get("uses", "").startswith(("./", "$/"))]
    assert local == []


def test_what_builds_for_a_release_may_not_write() -> None:
    release: Any = WORKFLOWS[".github/workflows/release.yml"].data["jobs"]
    builders = {
        name
        for name, job in release.items()
        if any("checkout" in step.get("uses", "") for step in job.get("steps", ()))
    }
    assert builders == {"build", "image"}
    for name in builders:
        assert release[name]["permissions"] == {"contents": "read"}
        assert "environment" not in release[name]


def test_what_is_published_was_built_judged_and_passed_the_gate() -> None:
    release: Any = WORKFLOWS[".github/workflows/release.yml"].data["jobs"]

    def before(name: str) -> set[str]:
        needs = release[name].get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        return {*needs, *(early for need in needs for early in before(need))}

    for publisher in ("pypi", "push", "publish"):
        assert "gate" in before(publisher), publisher
    assert {"build", "attest"} <= before("pypi")
    assert "image" in before("push")
    assert release["pypi"]["environment"]["name"] == "pypi"
    assert release["pypi"]["permissions"] == {"id-token": "write"}


def test_every_job_ends_by_itself() -> None:
    # A job that calls a workflow cannot have a limit; the jobs called have theirs.
    endless = [
        f"{path} {name}"
        for path, name, job in jobs(WORKFLOWS)
        if "uses" not in job and not 0 < int(job.get("timeout-minutes", 0)) <= 350
    ]
    assert endless == []


@pytest.mark.parametrize("path", OURS)
def test_runs_of_one_thing_do_not_pile_up(path: str) -> None:
    """A workflow that is only called or dispatched has its caller to order its runs."""
    data: Any = OURS[path].data
    events = data[True] if isinstance(data[True], dict) else {data[True]: None}
    if {"push", "pull_request", "schedule"} & set(events):
        assert data["concurrency"]["group"]
        releases = "tags" in (events.get("push") or {})
        writes = path in WRITES and "locks" in path
        assert data["concurrency"]["cancel-in-progress"] is not (releases or writes)


@pytest.mark.parametrize("path", FOUND)
def test_no_expression_is_a_word_of_a_script(path: str) -> None:
    """A value reaches a script by its environment, where the shell does not read it as code."""
    assert [step["run"] for step in steps(FOUND[path]) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", FOUND)
def test_no_checkout_leaves_a_token_behind(path: str) -> None:
    kept = [
        step
        for step in steps(FOUND[path])
        if "actions/checkout@" in step.get("uses", "")
        and step.get("with", {}).get("persist-credentials") is not False
    ]
    assert kept == []


@pytest.mark.parametrize("path", WORKFLOWS)
def test_no_event_gives_the_code_of_a_stranger_our_rights(path: str) -> None:
    assert "pull_request_target" not in WORKFLOWS[path].text


def test_downloads_are_by_id_where_something_is_published() -> None:
    """A name could be taken by another job of the run; an id is of one upload."""
    by_name = [
        f"{path} {name}"
        for path, name, job in jobs(OURS)
        for step in job.get("steps", ())
        if "actions/download-artifact@" in step.get("uses", "")
        and "artifact-ids" not in step["with"]
    ]
    # A matrix job has one output for all its legs, so the images go by their names.
    assert by_name == [".github/workflows/release.yml push"]


def test_exceptions_of_linters_stand_in_one_file_each_with_its_reason() -> None:
    silenced = [
        path for path, one in FOUND.items() if re.search(r"#\s*(zizmor|shellcheck)[: ]", one.text)
    ]
    assert silenced == []
    config = (ROOT / ".github" / "zizmor.yml").read_text()
    exceptions = re.findall(r"^( +)- \S+", config, re.MULTILINE)
    reasoned = re.findall(r"^ +#.*\n +- \S+", config, re.MULTILINE)
    assert len(exceptions) == len(reasoned) <= 5
