"""The bot as a job of GitHub Actions: the workflow files as they are, on a local GitHub."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.story.cast import ROOT, Cast, playing
from examples.story.plot import labelled, refused
from examples.story.serverless import clock, set_up

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    kiosk = tmp_path / "kiosk"
    shutil.copytree(ROOT / "examples" / "kiosk", kiosk, ignore=shutil.ignore_patterns("_build"))
    with playing(tmp_path, kiosk) as found:
        found.tell = lambda text: None
        yield found


def test_with_the_token_of_its_job_it_plans_and_asks_who_may_approve(cast: Cast) -> None:
    set_up(cast, as_app=False)

    with clock(cast):
        number = labelled(cast)
        refused(cast, number)
        where = "/git/matching-refs/genesis/cursor"
        cast.until("the end of a turn", lambda: cast.ask("admin", "GET", where), 200)

    comments = cast.get(f"/issues/{number}/comments?per_page=100")
    ours = [c for c in comments if "<!-- genesis" in c["body"]]
    assert {c["user"]["login"] for c in ours} == {"github-actions[bot]"}
    assert len([c for c in ours if "kind=dashboard" in c["body"]]) == 1
    titles = [issue["title"] for issue in cast.get("/issues?state=all&per_page=100")]
    assert len(titles) == len(set(titles)) == 3
