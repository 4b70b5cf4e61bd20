"""Rules of stage.yml that are its own: who keeps what for later runs, and who attests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

STAGE = Path(__file__).parents[3] / ".github/workflows/stage.yml"
JOBS: dict[str, Any] = yaml.safe_load(STAGE.read_text())["jobs"]


def _uses(action: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in JOBS.items():
        for step in job["steps"]:
            used = step.get("uses", "").partition("@")[0]
            if used == action or used.startswith(f"{action}/"):
                yield name, step


def test_caches_are_read_and_kept_in_prepare_alone() -> None:
    steps = list(_uses("actions/cache"))
    assert {job for job, _ in steps} == {"prepare"}
    # The whole action would save at the end of the job, whatever became of it.
    assert {step["uses"].partition("@")[0] for _, step in steps} == {
        "actions/cache/restore",
        "actions/cache/save",
    }
    saving = [step for _, step in steps if "save" in step["uses"]]
    assert all("steps.prepare.outputs.keep == 'true'" in step["if"] for step in saving)
    # Dependencies bring lock files too, so a key that is worked out anew is another one.
    assert {step["with"]["key"] for step in saving} == {
        "${{ steps.packages.outputs.cache-primary-key }}",
        "${{ steps.build.outputs.cache-primary-key }}",
    }


def test_a_build_is_kept_for_everything_that_parts_it_from_another() -> None:
    (build,) = [s for _, s in _uses("actions/cache") if s.get("id") == "build"]
    key = build["with"]["key"]
    for part in ("runner.os", "runner.arch", "steps.tools.outputs.key", "mix.lock", "inputs.base"):
        assert part in key
    assert "restore-keys" not in build["with"]
    assert build["with"]["path"] == "kept/prepared.tar"


def test_packages_are_kept_as_hex_checks_them_and_nothing_else_of_its_home() -> None:
    others = [s for _, s in _uses("actions/cache") if s["with"]["path"] != "kept/prepared.tar"]
    assert {s["with"]["path"] for s in others} == {"hex/packages"}


def test_publish_alone_attests_and_alone_may() -> None:
    assert [job for job, _ in _uses("actions/attest")] == ["publish"]
    for name, job in JOBS.items():
        may = {right for right, how in job["permissions"].items() if how == "write"}
        wanted = {"contents", "id-token", "attestations"} if name == "publish" else set()
        assert may == wanted


def test_the_attestation_comes_after_what_somebody_waits_for() -> None:
    names = [step["name"] for step in JOBS["publish"]["steps"]]
    assert names.index("The outcome") < names.index("The attestation")
