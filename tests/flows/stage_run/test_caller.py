"""The workflows a repository gets."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.errors import Refused
from bot.flows.stage_run.caller import BOT_PERMISSIONS, bot_workflow, caller_workflow

WORDS: dict[str, Any] = {"owner": "acme", "ref": "v1", "version": "0.1.0"}


def bot(**more: Any) -> dict[Any, Any]:
    found = yaml.safe_load(bot_workflow(**WORDS, branch="main", **more))
    assert isinstance(found, dict)
    return found


def test_as_an_app_the_token_of_the_job_has_no_right() -> None:
    job = bot(app_id=7)["jobs"]["bot"]

    assert job["permissions"] == {}
    assert job["with"] == {"genesis": "0.1.0", "app_id": "7"}
    assert job["uses"] == "acme/otp-genesis/.github/workflows/bot.yml@v1"


def test_without_an_app_it_has_what_the_bot_does_and_no_more() -> None:
    job = bot()["jobs"]["bot"]

    assert job["permissions"] == {name: level for name, level, _ in BOT_PERMISSIONS}
    assert job["with"] == {"genesis": "0.1.0"}


def test_checks_of_the_team_are_heard_of_whatever_they_are_called() -> None:
    checks = ('CI: "all"', "größer, [besser]")

    # YAML 1.1 reads the key `on` as a truth.
    assert bot(checks=checks)[True]["workflow_run"]["workflows"] == ["OTP-Genesis", *checks]


@pytest.mark.parametrize("word", ["", "a b", "main]\n", '"', "${{ x }}"])
def test_what_is_no_word_stands_in_no_workflow(word: str) -> None:
    with pytest.raises(Refused):
        bot_workflow(**WORDS, branch=word)
    with pytest.raises(Refused):
        caller_workflow(owner=word, ref="v1", version="0.1.0")


def test_a_name_that_breaks_the_line_stands_in_no_workflow() -> None:
    with pytest.raises(Refused):
        bot(checks=("ci]\n  permissions: write-all",))


def test_nothing_is_left_to_fill_in() -> None:
    assert "@" not in bot_workflow(**WORDS, branch="main").replace("bot.yml@v1", "")
