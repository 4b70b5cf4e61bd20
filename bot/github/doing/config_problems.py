"""A configuration that cannot be used: a check run on the commit that broke it, and one issue."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config import CONFIG_PATH
from bot.core.render.github import markers
from bot.core.render.github.config_problem import TITLE, Problem, config_check, config_issue
from bot.github.doing.checks import output, put_check_run
from bot.github.doing.context import Here
from bot.github.doing.labels import make_labels
from bot.github.doing.single import Single, Thing

CHECK = "genesis/config"
LABEL = "genesis:needs-human"
KIND = "config"


def put_config_check(here: Here, head: str, problems: Sequence[Problem]) -> None:
    """The check run on a commit, with an annotation for each problem."""
    wanted: dict[str, object] = {
        "status": "completed",
        "conclusion": "failure" if problems else "success",
    }
    notes = [(CONFIG_PATH, line, message) for line, _, message in problems]
    texts = output(*config_check(CONFIG_PATH, problems))
    put_check_run(here, CHECK, head, wanted, texts, notes)


def put_config_issue(here: Here, broken_by: str, problems: Sequence[Problem]) -> None:
    """The one issue, opened or brought up to date; a person who closed it has seen it.

    It is opened again only for another commit that breaks the file.
    """
    client = here.client
    marker = markers.marker("none", KIND, commit=broken_by)
    link = f"{here.app.site.web}/{client.full_name}/blob/{broken_by}/{CONFIG_PATH}"
    body = markers.fit(config_issue(CONFIG_PATH, link, problems), marker)

    def create() -> Thing:
        make_labels(here, (LABEL,))
        made: Thing = client.post(
            "issues", "./issues", {"title": TITLE, "body": body, "labels": [LABEL]}
        )
        return made

    def update(issue: Thing) -> Thing | None:
        if _text(issue) == body:
            return None
        change = {"body": body, "state": "open"}
        changed: Thing = client.patch("issues", f"./issues/{issue['number']}", change)
        return changed

    def withdraw(ours: Thing, _: Thing) -> None:
        change = {"body": "See the other one.", "state": "closed", "state_reason": "not_planned"}
        client.patch("issues", f"./issues/{ours['number']}", change)

    Single(
        key=here.key(KIND),
        find=lambda: _issues(here),
        create=create,
        update=update,
        withdraw=withdraw,
    ).put(here)


def close_config_issue(here: Here) -> None:
    """The file is right again, or was never wrong."""
    for issue in _issues(here):
        if issue["state"] == "open":
            change = {"state": "closed", "state_reason": "completed"}
            here.client.patch("issues", f"./issues/{issue['number']}", change)


def _issues(here: Here) -> list[Thing]:
    listed = here.client.pages("./issues", state="all", labels=LABEL, creator=here.ourselves)
    return [i for i in listed if here.ours(i) and _kind(i) == KIND and "pull_request" not in i]


def _kind(issue: Thing) -> str:
    return (markers.read(issue["body"] or "") or {}).get("kind", "")


def _text(issue: Thing) -> str:
    return str(issue["body"] or "").replace("\r\n", "\n")
