"""A broken configuration: said on the commit, in a pull request, and in one issue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.flows.react.config_watch import watch_branch, watch_pull
from bot.flows.react.post import Post
from bot.settings import load_settings
from tests.github.hub import OURSELVES, Hub, Place

CONFIG = ".github/otp-genesis.yml"
BROKEN = "run: sometimes\nlimits: {attempts: 0}\n"


@pytest.fixture(scope="module")
def post(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    settings = load_settings(state_dir=tmp_path_factory.mktemp("post"), github_pace=0)
    made = Post(hub.app(), settings, OURSELVES)
    yield made
    made.app.close()


@pytest.fixture
def place(hub: Hub, post: Post) -> Place:
    return hub.place(post.as_app)


def look(post: Post, place: Place) -> int:
    """How many problems are found on the default branch."""
    with post.client(place.installation, place.full_name) as client:
        return len(watch_branch(post, client))


def look_at(post: Post, place: Place, pull: int) -> int:
    with post.client(place.installation, place.full_name) as client:
        return len(watch_pull(post, client, pull))


def checks(place: Place, sha: str) -> list[dict[str, Any]]:
    found = place.by("admin", "GET", f"/commits/{sha}/check-runs")["check_runs"]
    return [run for run in found if run["name"] == "genesis/config"]


def notes(place: Place, run: dict[str, Any]) -> list[tuple[str, int, str]]:
    found = place.by("admin", "GET", f"/check-runs/{run['id']}/annotations")
    return [(note["path"], note["start_line"], note["message"]) for note in found]


def issues(place: Place) -> list[dict[str, Any]]:
    found = place.by("admin", "GET", "/issues", None, state="all")
    return [issue for issue in found if issue["user"]["login"] == OURSELVES]


def test_a_repository_without_a_configuration_is_left_in_peace(post: Post, place: Place) -> None:
    assert look(post, place) == 0
    assert issues(place) == []
    assert checks(place, place.tip("main")) == []


def test_the_commit_that_broke_it_is_marked_and_one_issue_opened(post: Post, place: Place) -> None:
    broken_by = place.commit("main", {CONFIG: BROKEN})
    place.commit("main", {"README.md": "later"})
    for _ in range(2):
        assert look(post, place) == 2
    (check,) = checks(place, broken_by)
    assert check["conclusion"] == "failure"
    assert [(path, line) for path, line, _ in notes(place, check)] == [(CONFIG, 1), (CONFIG, 2)]
    assert checks(place, place.tip("main")) == []
    (issue,) = issues(place)
    assert (issue["state"], issue["title"][:16]) == ("open", "Action required:")
    assert [label["name"] for label in issue["labels"]] == ["genesis:needs-human"]
    assert f"/blob/{broken_by}/{CONFIG}#L1" in issue["body"]


def test_once_mended_the_issue_is_closed_and_is_the_one_opened_again(
    post: Post, place: Place
) -> None:
    place.commit("main", {CONFIG: BROKEN})
    look(post, place)
    place.commit("main", {CONFIG: "run: auto\n"})
    assert look(post, place) == 0
    assert [issue["state"] for issue in issues(place)] == ["closed"]
    again = place.commit("main", {CONFIG: "run: never\n"})
    assert look(post, place) == 1
    (issue,) = issues(place)
    assert issue["state"] == "open"
    assert again in issue["body"]


def test_a_person_who_closed_it_is_not_asked_about_the_same_commit_again(
    post: Post, place: Place
) -> None:
    place.commit("main", {CONFIG: BROKEN})
    look(post, place)
    (issue,) = issues(place)
    place.by("writer", "PATCH", f"/issues/{issue['number']}", {"state": "closed"})
    assert look(post, place) == 2
    assert [issue["state"] for issue in issues(place)] == ["closed"]


def test_without_issues_the_commit_is_marked_all_the_same(post: Post, place: Place) -> None:
    place.by("admin", "PATCH", "", {"has_issues": False})
    broken_by = place.commit("main", {CONFIG: BROKEN})
    assert look(post, place) == 2
    assert [check["conclusion"] for check in checks(place, broken_by)] == ["failure"]


def test_an_archived_repository_is_left_in_peace(post: Post, place: Place) -> None:
    place.commit("main", {CONFIG: BROKEN})
    place.by("admin", "PATCH", "", {"archived": True})
    assert look(post, place) == 0


def proposed(place: Place, text: str | None, base: str = "main") -> tuple[int, str]:
    head = place.commit("topic", {CONFIG: text, "x": "y"})
    made = place.by("writer", "POST", "/pulls", {"title": "P", "head": "topic", "base": base})
    return int(made["number"]), head


def test_a_pull_request_that_would_break_it_is_told_where(post: Post, place: Place) -> None:
    number, head = proposed(place, BROKEN)
    for _ in range(2):
        assert look_at(post, place, number) == 2
    (check,) = checks(place, head)
    assert check["conclusion"] == "failure"
    assert {line for _, line, _ in notes(place, check)} == {1, 2}
    assert issues(place) == []
    mended = place.commit("topic", {CONFIG: "run: auto\n"})
    assert look_at(post, place, number) == 0
    assert [check["conclusion"] for check in checks(place, mended)] == ["success"]


@pytest.mark.parametrize("before", ["", "run: auto\n"])
def test_a_pull_request_that_does_not_touch_it_gets_no_check(
    post: Post, place: Place, before: str
) -> None:
    if before:
        place.commit("main", {CONFIG: before})
    place.commit("topic", {"x": "y"})
    body = {"title": "P", "head": "topic", "base": "main"}
    number = place.by("writer", "POST", "/pulls", body)["number"]
    assert look_at(post, place, number) == 0
    assert checks(place, place.tip("topic")) == []


def test_a_pull_request_to_another_branch_decides_nothing(post: Post, place: Place) -> None:
    place.commit("develop", {"d": "d"})
    number, head = proposed(place, BROKEN, "develop")
    assert look_at(post, place, number) == 0
    assert checks(place, head) == []


def test_a_pull_request_that_is_closed_or_gone_is_left_in_peace(post: Post, place: Place) -> None:
    number, head = proposed(place, BROKEN)
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    assert look_at(post, place, number) == 0
    assert checks(place, head) == []


def test_a_configuration_that_is_no_text_is_a_problem_of_its_first_line(
    post: Post, place: Place
) -> None:
    broken_by = place.commit("main", {f"{CONFIG}/file": "x"})
    assert look(post, place) == 1
    (check,) = checks(place, broken_by)
    ((path, line, message),) = notes(place, check)
    assert (path, line) == (CONFIG, 1)
    assert "is no file" in message
