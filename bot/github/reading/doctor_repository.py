"""What `genesis doctor` asks of one repository."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from bot.config import CONFIG_PATH, InvalidConfig, Problem, load_policy
from bot.core.names import branch_of
from bot.core.policy import Policy
from bot.github.calls import CALLS, FOLDER, MOST_BYTES
from bot.github.reading.contents import text_of
from bot.github.reading.doctor import NOT_ASKED, Asked, Asker, branch_path
from bot.github.reading.repository import MAX_CONFIG, NO_CONFIG

MOST_WORKFLOWS = 40
SAMPLE = branch_of("0", 1)
"""A branch of ours, to ask for the rules of all of them."""


@dataclass(frozen=True)
class RepositorySeen:
    """The answers, and what of the repository they are read by."""

    full_name: str
    web: str
    """Address of its page."""
    answers: Mapping[str, Asked] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    problems: tuple[Problem, ...] | None = None
    """Of the configuration; None where there is no file."""
    rulesets: Mapping[int, Asked] = field(default_factory=dict)
    """Those that have a rule for branches of ours."""
    workflows: Mapping[str, str | None] = field(default_factory=dict)
    """Texts of the files in `.github/workflows`; None for one that cannot be read."""

    def __getitem__(self, name: str) -> Asked:
        return self.answers.get(name, NOT_ASKED)

    @property
    def default_branch(self) -> str:
        about = self["about"]
        return str(about.body["default_branch"]) if about.there else ""

    @property
    def base(self) -> str:
        """The branch that is worked on."""
        return self.policy.base or self.default_branch

    @property
    def workflow_text(self) -> str | None:
        """The workflow that runs stages, None where it is not there."""
        return self.workflows.get(self.policy.workflow)


def look_at_repository(
    ask: Asker, site: str, bot_file: str, *, ours: bool = True
) -> RepositorySeen:
    """Everything about it; `site` is the address of GitHub's pages.

    `bot_file` is the workflow that reacts where there is no server. `ours` says that the App asks:
    what a person may bypass says nothing of it.
    """
    web = f"{site}/{ask.full_name}"
    about = ask()
    if not about.there:
        return RepositorySeen(ask.full_name, web, {"about": about})
    branch = str(about.body["default_branch"])
    config = ask(f"/contents/{CONFIG_PATH}", ref=branch)
    policy, problems = _policy(config)
    answers = {"about": about, "config": config}
    for name, path, query in _questions(policy, policy.base or branch):
        answers[name] = ask(path, **query)
    answers["bot"] = ask(f"/actions/workflows/{bot_file}")
    answers |= {name: ask(path, **more) for name, path, more in _CLOSED}
    listed = answers["workflows"] = ask(f"/contents/{FOLDER}", ref=branch)
    workflows = dict(_texts(ask, listed, branch, first=(policy.workflow, bot_file)))
    text = workflows.get(policy.workflow)
    answers |= dict(_issue_questions(ask, answers["issues"]))
    answers["called"] = _called(ask, text)
    rulesets = dict(_rulesets(ask, answers["stage-rules"], answers["base-rules"])) if ours else {}
    return RepositorySeen(ask.full_name, web, answers, policy, problems, rulesets, workflows)


def with_other_eyes(seen: RepositorySeen, ask: Asker) -> RepositorySeen:
    """The same, with what the App may not read asked once more, of an administrator say."""
    again = {n: ask(path, **query) for n, path, query in _CLOSED if not seen[n].there}
    return replace(seen, answers={**seen.answers, **{n: a for n, a in again.items() if a.there}})


_CLOSED: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("actions", "/actions/permissions", {}),
    ("selected", "/actions/permissions/selected-actions", {}),
    ("job-token", "/actions/permissions/workflow", {}),
    ("secrets", "/actions/secrets", {"per_page": 100}),
    ("organization-secrets", "/actions/organization-secrets", {"per_page": 100}),
)
"""Name, path and query of what takes rights that the App has not."""


def _questions(policy: Policy, base: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Name, path and query of what is asked of every repository."""
    actions, at = "/actions", branch_path(base)
    yield "label", f"/labels/{quote(policy.label, safe='')}", {}
    yield "workflow", f"{actions}/workflows/{policy.workflow}", {}
    started: dict[str, object] = {"event": "workflow_dispatch", "per_page": 20}
    yield "runs", f"{actions}/workflows/{policy.workflow}/runs", started
    yield "stage-rules", f"/rules/branches/{SAMPLE}", {"per_page": 100}
    yield "base-rules", f"/rules/branches/{at}", {"per_page": 100}
    yield "base", f"/branches/{at}", {}
    yield "protected", "/branches", {"protected": "true", "per_page": 100}
    yield "checks", f"/commits/{at}/check-runs", {"per_page": 100}
    yield "statuses", f"/commits/{at}/status", {"per_page": 100}
    yield "issues", "/issues", {"state": "all", "per_page": 1}


def _issue_questions(ask: Asker, issues: Asked) -> Iterator[tuple[str, Asked]]:
    """An older GitHub does not have these below an issue that is there."""
    if not issues.there or not issues.body:
        return
    where = f"/issues/{issues.body[0]['number']}"
    yield "sub-issues", ask(f"{where}/sub_issues", per_page=1)
    yield "dependencies", ask(f"{where}/dependencies/blocked_by", per_page=1)


def _policy(config: Asked) -> tuple[Policy, tuple[Problem, ...] | None]:
    if not config.there:
        return Policy(), None
    text = text_of(config.body, MAX_CONFIG)
    if text is None:
        return Policy(), ((0, 0, NO_CONFIG),)
    try:
        return load_policy(text, CONFIG_PATH), ()
    except InvalidConfig as error:
        return Policy(), error.problems


def _texts(
    ask: Asker, listed: Asked, branch: str, *, first: Collection[str]
) -> Iterator[tuple[str, str | None]]:
    """Of the workflows, by file; where they are too many, those in `first` are among them."""
    if not listed.there or not isinstance(listed.body, list):
        return
    files = [str(e["name"]) for e in listed.body if e["type"] == "file"]
    names = [name for name in files if name.endswith((".yml", ".yaml"))]
    for name in sorted(names, key=lambda n: (n not in first, n))[:MOST_WORKFLOWS]:
        answer = ask(f"/contents/{FOLDER}/{branch_path(name)}", ref=branch)
        yield name, text_of(answer.body, MOST_BYTES) if answer.there else None


def _called(ask: Asker, text: str | None) -> Asked:
    """The reusable workflow of ours that is called there."""
    found = CALLS.search(text or "")
    if found is None:
        return NOT_ASKED
    owner, name, path, ref = found.groups()
    return ask.elsewhere(f"/repos/{owner}/{name}/contents/{path}", ref=ref)


def _rulesets(ask: Asker, *rules: Asked) -> Iterator[tuple[int, Asked]]:
    """Each that has a rule there: it says whether we may get round it."""
    found = {int(r.get("ruleset_id") or 0) for one in rules if one.there for r in one.body}
    for number in sorted(found - {0}):
        yield number, ask(f"/rulesets/{number}")
