"""What is said of a repository, by what GitHub said."""

from __future__ import annotations

import base64
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import Policy
from bot.flows.onboarding.check import Check, Outcome, failed
from bot.flows.onboarding.repository_checks import repository_checks
from bot.flows.stage_run.caller import bot_workflow, caller_workflow
from bot.github.reading.doctor import Asked
from bot.github.reading.doctor_repository import RepositorySeen

VERSION = version("otp-genesis")
CALLER = caller_workflow(owner="acme", ref="main", version=VERSION)
CI = "on:\n  pull_request:\njobs: {}\n"
ABOUT = {"default_branch": "main", "archived": False, "has_issues": True, "fork": False}
STAGE = """\
jobs:
  a:
    steps:
      - uses: actions/checkout@v4
      - name: Elixir
        uses: erlef/setup-beam@v1
"""


def content(text: str) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {"type": "file", "size": len(text), "encoding": "base64", "content": data}


def run(kind: str = "Bot") -> dict[str, Any]:
    actor = {"type": kind}
    return {"run_number": 3, "actor": actor, "created_at": "2026-11-01T10:00:00Z"}


SECRETS = {"secrets": [{"name": "ANTHROPIC_API_KEY"}]}
ANSWERS: dict[str, Asked] = {
    "about": Asked(200, ABOUT),
    "label": Asked(200, {}),
    "config": Asked(404, why="Not Found"),
    "issues": Asked(200, [{"number": 1}]),
    "sub-issues": Asked(200, []),
    "dependencies": Asked(200, []),
    "actions": Asked(200, {"enabled": True, "allowed_actions": "all"}),
    "selected": Asked(409, why="not selected"),
    "workflows": Asked(200, []),
    "workflow": Asked(200, {"state": "active"}),
    "called": Asked(200, content(STAGE)),
    "runs": Asked(200, {"workflow_runs": [run()]}),
    "secrets": Asked(200, SECRETS),
    "organization-secrets": Asked(200, {"secrets": []}),
    "stage-rules": Asked(200, []),
    "base-rules": Asked(200, []),
    "base": Asked(200, {"name": "main", "protection": {}}),
    "protected": Asked(200, [{"name": "genesis/9/stage-1"}]),
    "checks": Asked(200, {"check_runs": []}),
    "statuses": Asked(200, {"statuses": []}),
}
GOOD = RepositorySeen(
    "acme/shop",
    "https://github.com/acme/shop",
    ANSWERS,
    workflows={"otp-genesis.yml": CALLER, "ci.yml": CI},
)
REFUSED = Asked(403, why="Resource not accessible by integration")


def with_(answers: dict[str, Asked], **more: Any) -> RepositorySeen:
    return replace(GOOD, answers=ANSWERS | answers, **more)


def of(name: str, seen: RepositorySeen) -> Check:
    (found,) = [check for check in repository_checks(seen) if check.name == name]
    return found


def test_where_all_is_well_nothing_fails() -> None:
    """The patterns of branch protection are never known."""
    checks = repository_checks(with_({"protected": Asked(200, [])}))
    assert {c.name for c in checks if c.outcome != "ok"} == {"protection of genesis/**"}
    assert not failed(checks)


def test_what_the_app_may_not_read_is_never_called_well() -> None:
    closed = ("actions", "selected", "secrets", "organization-secrets")
    seen = with_(dict.fromkeys(closed, REFUSED))
    for name in ("switched on", "allowed actions", "model key"):
        check = of(name, seen)
        assert check.outcome == "could-not-check"
        assert check.fix.startswith("https://github.com/acme/shop/settings")


def test_where_nothing_can_be_read_nothing_is_called_well() -> None:
    seen = replace(GOOD, answers={"about": ANSWERS["about"]}, workflows={})
    known = {"access", "issues"}
    assert {c.outcome for c in repository_checks(seen) if c.name not in known} == {
        "could-not-check"
    }


def test_without_access_there_is_one_failure() -> None:
    (check,) = repository_checks(RepositorySeen("a/b", "w", {"about": Asked(404, why="gone")}))
    assert (check.outcome, "gone" in check.says) == ("failure", True)


def rule(kind: str, number: int = 5, **parameters: Any) -> dict[str, Any]:
    return {"type": kind, "ruleset_id": number, "parameters": parameters}


def rules(*found: dict[str, Any]) -> dict[str, Asked]:
    return {"stage-rules": Asked(200, list(found))}


def bypass(how: str) -> dict[int, Asked]:
    return {5: Asked(200, {"current_user_can_bypass": how})}


def about(**more: Any) -> dict[str, Asked]:
    return {"about": Asked(200, ABOUT | more)}


def files(**texts: str | None) -> dict[str, Any]:
    return {"workflows": {n.replace("_", "-") + ".yml": t for n, t in texts.items()}}


def base(*found: dict[str, Any], contexts: tuple[str, ...] = ()) -> dict[str, Asked]:
    protection = {"required_status_checks": {"contexts": list(contexts)}}
    return {
        "base-rules": Asked(200, list(found)),
        "base": Asked(200, {"name": "main", "protection": protection}),
    }


def selected(*patterns: str, github: bool = True, verified: bool = False) -> dict[str, Asked]:
    allowed = {
        "github_owned_allowed": github,
        "verified_allowed": verified,
        "patterns_allowed": list(patterns),
    }
    policy = {"enabled": True, "allowed_actions": "selected"}
    return {"actions": Asked(200, policy), "selected": Asked(200, allowed)}


Case = tuple[str, RepositorySeen, Outcome, str, str]
CASES: list[Case] = [
    ("access", with_(about(archived=True)), "failure", "archived", "unarchive"),
    ("access", with_(about(disabled=True)), "failure", "disabled", "support"),
    ("access", with_(about(fork=True)), "warning", "fork", "enable workflows"),
    ("issues", with_(about(has_issues=False)), "failure", "nothing to label", "Features"),
    ("label", with_({"label": Asked(404)}), "warning", "`otp-refactor`", "/labels"),
    ("label", with_({"label": REFUSED}), "could-not-check", "accessible", ""),
    ("configuration", with_({}, problems=((2, 1, "labl: no"),)), "failure", "yml:2: labl", "main"),
    ("configuration", with_({}, problems=()), "ok", "valid", ""),
    ("configuration", with_({"config": REFUSED}), "could-not-check", "accessible", ""),
    ("sub-issues", with_({"sub-issues": Asked(404)}), "ok", "dashboard lists", ""),
    ("sub-issues", with_({"sub-issues": REFUSED}), "could-not-check", "accessible", ""),
    (
        "dependencies",
        with_({"issues": Asked(200, []), "dependencies": Asked(0)}),
        "could-not-check",
        "no issue yet",
        "",
    ),
    (
        "switched on",
        with_({"actions": Asked(200, {"enabled": False})}),
        "failure",
        "switched off",
        "settings/actions",
    ),
    (
        "allowed actions",
        with_({"actions": Asked(200, {"enabled": True, "allowed_actions": "local_only"})}),
        "failure",
        "same owner",
        "erlef",
    ),
    ("allowed actions", with_(selected("erlef/*")), "ok", "may run", ""),
    ("allowed actions", with_(selected()), "failure", "erlef/setup-beam may not run", "settings"),
    (
        "allowed actions",
        with_(selected("erlef/setup-beam@*", github=False)),
        "failure",
        "actions/checkout may",
        "",
    ),
    ("allowed actions", with_(selected(verified=True)), "could-not-check", "verified", ""),
    (
        "allowed actions",
        with_(selected() | {"selected": REFUSED}),
        "could-not-check",
        "administration",
        "",
    ),
    ("workflow of stages", with_({}, **files(ci=CI)), "failure", "on main", "genesis onboard"),
    (
        "workflow of stages",
        with_({"workflows": Asked(404)}, workflows={}),
        "failure",
        "no .github/workflows/otp-genesis.yml",
        "genesis onboard acme/shop",
    ),
    (
        "workflow of stages",
        with_({"workflows": REFUSED}, workflows={}),
        "could-not-check",
        "accessible",
        "",
    ),
    ("workflow of stages", with_({}, **files(otp_genesis=None)), "could-not-check", "read", ""),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis="on: push\n")),
        "failure",
        "does not call",
        "genesis config workflow",
    ),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis="a: [\nuses: o/r/.github/workflows/stage.yml@v1")),
        "failure",
        "does not call",
        "genesis config workflow",
    ),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis=CALLER.replace("      usd: {type", "      eur: {type"))),
        "failure",
        "no input usd",
        "--owner acme --ref main",
    ),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis=CALLER.replace(VERSION, "0.0.1"))),
        "warning",
        "0.0.1",
        "--owner acme --ref main",
    ),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis=CALLER + "# mine\n")),
        "warning",
        "not what this version prints",
        "",
    ),
    ("workflow is on", with_({"workflow": Asked(404)}), "warning", "does not know it", "actions"),
    ("workflow is on", with_({"workflow": REFUSED}), "could-not-check", "accessible", ""),
    (
        "workflow is on",
        with_({"workflow": Asked(200, {"state": "disabled_manually"})}),
        "failure",
        "switched it off",
        "actions/workflows/otp-genesis.yml",
    ),
    (
        "workflow is on",
        with_({"workflow": Asked(200, {"state": "disabled_inactivity"})}),
        "failure",
        "60 days",
        "Enable workflow",
    ),
    ("workflow is on", with_({}, **files(ci=CI)), "could-not-check", "not there", ""),
    (
        "what it calls",
        with_({"called": Asked(404)}),
        "could-not-check",
        "acme/otp-genesis at main",
        "https://github.com/acme/otp-genesis",
    ),
    ("starting it", with_({}), "ok", "run 3 on 2026-11-01", ""),
    (
        "starting it",
        with_({"runs": Asked(200, {"workflow_runs": [run("User")]})}),
        "could-not-check",
        "none was started",
        "execution protections",
    ),
    ("starting it", with_({"runs": REFUSED}), "could-not-check", "cannot be read", "protections"),
    ("model key", with_({}), "ok", "ANTHROPIC_API_KEY is there", ""),
    (
        "model key",
        with_({"secrets": REFUSED, "organization-secrets": Asked(200, SECRETS)}),
        "ok",
        "ANTHROPIC_API_KEY is there",
        "",
    ),
    ("model key", with_({"secrets": Asked(200, {"secrets": []})}), "ok", "codemods", ""),
    (
        "checks of pull requests",
        with_({}, **files(otp_genesis=CALLER)),
        "warning",
        "nothing seems",
        "pull_request",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches: [dev, 'release/*']}}\n")),
        "warning",
        "nothing seems",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches: ['m*']}}\n")),
        "ok",
        "ci.yml runs",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches-ignore: [main]}}\n")),
        "warning",
        "nothing seems",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches: ['**', '!main']}}\n")),
        "warning",
        "nothing seems",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches: main}}\n")),
        "ok",
        "ci.yml runs",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: {pull_request: {branches: 5, branches-ignore: {a: b}}}\n")),
        "warning",
        "nothing seems",
        "",
    ),
    (
        "checks of pull requests",
        with_({}, **files(ci="on: [push, pull_request]\n")),
        "ok",
        "ci.yml",
        "",
    ),
    (
        "checks of pull requests",
        with_({"statuses": Asked(200, {"statuses": [{"context": "circle"}]})}, workflows={}),
        "ok",
        "circle checks commits",
        "",
    ),
    (
        "checks of pull requests",
        with_(
            {"checks": Asked(200, {"check_runs": [{"name": "t", "app": {"slug": "buildkite"}}]})},
            workflows={},
        ),
        "ok",
        "buildkite",
        "",
    ),
    (
        "checks of pull requests",
        with_(
            {
                "checks": Asked(
                    200,
                    {
                        "check_runs": [
                            {"name": "genesis/stage-1", "app": {"slug": "genesis"}},
                            {"name": "build", "app": {"slug": "github-actions"}},
                        ]
                    },
                )
            },
            workflows={},
        ),
        "warning",
        "nothing seems",
        "",
    ),
    (
        "checks of pull requests",
        with_({"checks": REFUSED}, workflows={}),
        "could-not-check",
        "accessible",
        "",
    ),
    (
        "pushes to genesis/**",
        with_(rules(rule("creation"))),
        "failure",
        "nobody may create them (ruleset 5)",
        "settings/rules/5: exclude `genesis/**`",
    ),
    (
        "pushes to genesis/**",
        with_(rules(rule("pull_request")), rulesets=bypass("never")),
        "failure",
        "pull requests only",
        "bypass",
    ),
    (
        "pushes to genesis/**",
        with_(rules(rule("pull_request")), rulesets=bypass("always")),
        "ok",
        "no ruleset stands against",
        "",
    ),
    (
        "pushes to genesis/**",
        with_(rules(rule("creation")), rulesets=bypass("pull_requests_only")),
        "failure",
        "",
        "",
    ),
    (
        "pushes to genesis/**",
        with_(rules(rule("required_signatures"))),
        "failure",
        "ours are not",
        "",
    ),
    ("pushes to genesis/**", with_(rules(rule("non_fast_forward"))), "warning", "no force", ""),
    ("pushes to genesis/**", with_(rules(rule("deletion"))), "ok", "", ""),
    ("pushes to genesis/**", with_({"stage-rules": REFUSED}), "could-not-check", "rules", ""),
    ("protection of genesis/**", with_({}), "warning", "genesis/9/stage-1", "settings/branches"),
    ("required checks", with_(base(contexts=("ci",))), "ok", "main: ci", ""),
    (
        "required checks",
        with_(base(rule("required_status_checks", required_status_checks=[{"context": "lint"}]))),
        "ok",
        "main: lint",
        "",
    ),
    (
        "required checks",
        with_(base(contexts=("ci",)), policy=Policy(ignored_checks=("ci",))),
        "warning",
        "ignored_checks",
        "take it out",
    ),
    ("required checks", with_({"base": Asked(404)}), "failure", "no branch main", "`base`"),
    ("required checks", with_({"base-rules": REFUSED}), "could-not-check", "accessible", ""),
    ("merge queue", with_(base(rule("merge_queue"))), "ok", "the bot waits", ""),
    ("signed commits", with_(base(rule("required_signatures"))), "warning", "not signed", "bypass"),
]


OWN = bot_workflow(owner="acme", ref="main", version=VERSION, branch="main")
AS_APP = bot_workflow(owner="acme", ref="main", version=VERSION, branch="main", app_id=7)


def bot(text: str | None = OWN, **answers: Asked) -> RepositorySeen:
    """A repository without a server; keyword arguments with `_` for the hyphen."""
    named = {name.replace("_", "-"): answer for name, answer in answers.items()}
    whole: dict[str, Asked] = {
        "bot": Asked(200, {"state": "active"}),
        "job-token": Asked(200, {"can_approve_pull_request_reviews": True}),
        "secrets": Asked(200, {"secrets": [{"name": "GENESIS_SEAL"}]}),
    }
    files = {**GOOD.workflows, "otp-genesis-bot.yml": text}
    return with_(whole | named, workflows=files)


KEY = Asked(200, {"secrets": [{"name": "GENESIS_PRIVATE_KEY"}]})
CASES += [
    ("workflow that reacts", bot(), "ok", "with the job's own token", ""),
    ("workflow that reacts", bot(AS_APP, secrets=KEY), "ok", "with an App of yours", ""),
    (
        "workflow that reacts",
        bot(OWN.replace(VERSION, "0.0.1")),
        "warning",
        "0.0.1",
        "genesis init --for serverless --owner acme --ref main --force",
    ),
    (
        "workflow that reacts",
        bot(AS_APP.replace(VERSION, "0.0.1"), secrets=KEY),
        "warning",
        "0.0.1",
        "--app-id NUMBER",
    ),
    ("workflow that reacts", bot("on: push\n"), "failure", "does not call our bot.yml", "init"),
    ("workflow that reacts", bot(CALLER), "failure", "does not call our bot.yml", "init"),
    (
        "workflow of stages",
        with_({}, **files(otp_genesis=OWN)),
        "failure",
        "does not call our stage.yml",
        "genesis config workflow",
    ),
    ("workflow that reacts", bot(None), "failure", "does not call our bot.yml", "init"),
    ("it is on", bot(), "ok", "active", ""),
    ("it is on", bot(bot=Asked(404, why="Not Found")), "could-not-check", "Not Found", "actions"),
    (
        "it is on",
        bot(bot=Asked(200, {"state": "disabled_inactivity"})),
        "failure",
        "60 days",
        "otp-genesis-bot.yml: Enable workflow",
    ),
    ("its secret", bot(), "ok", "GENESIS_SEAL is there", ""),
    ("its secret", bot(AS_APP, secrets=KEY), "ok", "GENESIS_PRIVATE_KEY is there", ""),
    ("its secret", bot(AS_APP), "failure", "GENESIS_PRIVATE_KEY is not set", "App's key"),
    ("its secret", bot(secrets=KEY), "failure", "GENESIS_SEAL is not set", "openssl"),
    ("its secret", bot(secrets=REFUSED), "could-not-check", "names of secrets", "GENESIS_SEAL"),
    ("its pull requests", bot(), "ok", "may open them", ""),
    (
        "its pull requests",
        bot(job_token=Asked(200, {"can_approve_pull_request_reviews": False})),
        "failure",
        "may not open",
        "Allow GitHub Actions to create",
    ),
    ("its pull requests", bot(job_token=REFUSED), "could-not-check", "administration", "Allow"),
]


SPARSE: dict[str, Any] = {
    "runs": {"workflow_runs": [{"run_number": 1, "created_at": "2026-01-01T00:00:00Z"}]},
    "actions": {"enabled": True, "allowed_actions": "selected"},
    "selected": {},
    "stage-rules": [{}, {"type": "creation"}],
    "base-rules": [{"type": "required_status_checks"}, {}],
    "base": {"name": "main", "protection": {"required_status_checks": None}},
    "checks": {"check_runs": [{"name": "x", "app": None}]},
}
"""Only what GitHub's description says is always there."""


@pytest.mark.parametrize("name", sorted(SPARSE))
def test_what_is_optional_may_be_missing(name: str) -> None:
    checks = repository_checks(with_({name: Asked(200, SPARSE[name])}))
    assert len(checks) == len(repository_checks(GOOD))


def test_without_that_workflow_nothing_is_said_of_it() -> None:
    groups = {check.group for check in repository_checks(GOOD)}
    assert "without a server" not in groups
    assert "without a server" in {check.group for check in repository_checks(bot())}


def test_an_app_opens_pull_requests_by_its_own_right() -> None:
    names = {check.name for check in repository_checks(bot(AS_APP, secrets=KEY))}
    assert "its pull requests" not in names


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from((0, 401, 403, 404, 500)) for name in ANSWERS}
    )
)
def test_an_answer_less_makes_nothing_better(taken: dict[str, int]) -> None:
    """Whatever cannot be read, nothing breaks, and nothing is called well that was not before."""
    known = bot(protected=Asked(200, []), called=ANSWERS["called"])
    answers = {n: Asked(taken[n], why="x") if n in taken else a for n, a in known.answers.items()}
    found = repository_checks(replace(known, answers=answers))
    well = {check.name for check in repository_checks(known) if check.outcome == "ok"}
    assert {check.name for check in found if check.outcome == "ok"} <= well
    assert all(check.fix for check in found if check.outcome in ("failure", "warning"))


@pytest.mark.parametrize(("name", "seen", "outcome", "says", "fix"), CASES)
def test_the_table(name: str, seen: RepositorySeen, outcome: Outcome, says: str, fix: str) -> None:
    check = of(name, seen)
    assert (check.outcome, says in check.says, fix in check.fix) == (outcome, True, True), check


@pytest.mark.parametrize(("name", "seen", "outcome", "says", "fix"), CASES)
def test_every_failure_and_warning_says_what_to_do(
    name: str, seen: RepositorySeen, outcome: Outcome, says: str, fix: str
) -> None:
    checks = repository_checks(seen)
    assert all(check.fix for check in checks if check.outcome in ("failure", "warning"))
    assert failed(checks) or outcome != "failure"
