"""Which files a model may change for an action."""

from __future__ import annotations

from pathlib import Path

from bot.flows.model_scope import scope_of, widened
from tests.flows.support import planned_session, repository


def test_a_new_process_may_get_its_place_in_the_tree(tmp_path: Path) -> None:
    session = planned_session(repository(tmp_path / "shop"), tmp_path / "cache")
    project = session.survey.project
    action = next(a for a in session.need_plan().actions() if a.rule == "unsupervised-spawn")
    own = [place.path for place in action.files]
    assert own == ["lib/shop/mail.ex"]
    assert scope_of(project, action) == ("lib/shop/mail.ex", "lib/shop/application.ex")
    more = widened(project, action)
    assert {place.path for place in more.files} == set(scope_of(project, action))
    assert more.files[: len(own)] == action.files
