"""What the steps between ours have to bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Unusable
from bot.flows.action_run.needs import Needs, needs_of
from bot.settings import load_settings
from tests.flows.action_run.support import Step
from tests.flows.support import SHOP

LOCKED = SHOP["mix.exs"].replace("deps: []", 'deps: [{:jason, "~> 1.4"}]')


def shop(tmp_path: Path, mix: str = SHOP["mix.exs"]) -> Step:
    step = Step(tmp_path / "step")
    step.runner()
    (step.work / "mix.exs").write_text(mix)
    return step


def needs(step: Step, **inputs: str) -> Needs:
    runner = step.runner(**inputs)
    settings = load_settings(cache_dir=step.folder / "cache")
    return needs_of(runner.order(), runner, settings)


@pytest.mark.parametrize("command", ["analyze", "plan", "react"])
def test_what_only_reads_needs_nothing(tmp_path: Path, command: str) -> None:
    found = needs(shop(tmp_path, LOCKED), command=command)
    assert not any(value for name, value in found.outputs().items() if name != "version_type")


def test_no_project_is_said_before_anything_is_installed(tmp_path: Path) -> None:
    step = shop(tmp_path)
    (step.work / "mix.exs").unlink()
    with pytest.raises(Unusable, match=r"there is no mix\.exs") as caught:
        needs(step, command="verify")
    assert "`path`" in caught.value.hint


def test_without_an_elixir_that_fits_one_is_installed(tmp_path: Path) -> None:
    wanted = SHOP["mix.exs"].replace("~> 1.12", "~> 1.99 or == 1.98.0")
    outputs = needs(shop(tmp_path, wanted), command="verify").outputs()
    assert (outputs["elixir"], outputs["version_type"]) == ("1.98.0", "loose")


@pytest.mark.elixir
def test_an_elixir_that_is_here_and_fits_is_used(tmp_path: Path) -> None:
    found = needs(shop(tmp_path), command="stage", stage="1")
    assert found.install is None
    assert found.outputs()["sandbox"] == "true"
    assert "which is here" in next(found.lines())


@pytest.mark.elixir
def test_the_cache_goes_by_versions_and_the_lock_file(tmp_path: Path) -> None:
    step = shop(tmp_path, LOCKED)
    by_mix = needs(step, command="verify")
    (step.work / "mix.lock").write_text("%{}\n")
    by_lock = needs(step, command="verify")
    (step.work / "mix.exs").write_text(LOCKED + "# a remark\n")
    assert needs(step, command="verify").cache_key == by_lock.cache_key != by_mix.cache_key
    assert [path.name for path in by_lock.cached] == ["deps", "cache"]
    assert needs(step, command="verify", cache="false").cache_key == ""


def test_a_project_without_dependencies_keeps_nothing(tmp_path: Path) -> None:
    assert needs(shop(tmp_path), command="verify").cached == ()
