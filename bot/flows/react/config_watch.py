"""The configuration of a repository: whoever breaks it is told where and how, at once.

While it is broken on the default branch nothing is changed: `bot.github.reading` says so to
every plan.
"""

from __future__ import annotations

from bot.config import CONFIG_PATH, InvalidConfig, load_policy
from bot.core.render.github.config_problem import Problem
from bot.errors import ConfigError
from bot.flows.react.post import Post
from bot.github.client import Client
from bot.github.doing.config_problems import (
    close_config_issue,
    put_config_check,
    put_config_issue,
)
from bot.github.doing.context import Here
from bot.github.reading.repository import config_text


def watch_branch(post: Post, client: Client) -> tuple[Problem, ...]:
    """What is wrong on the default branch now; said on the commit that broke it, and in an issue.

    Once it is mended the issue is closed.
    """
    about = client.get(".")
    if about["archived"]:
        return ()
    here, branch = _here(post, client), about["default_branch"]
    problems = _problems(client, branch)
    if problems:
        commits = client.get("./commits", path=CONFIG_PATH, sha=branch, per_page=1)
        broken_by = commits[0]["sha"]
        put_config_check(here, broken_by, problems)
        if about["has_issues"]:
            put_config_issue(here, broken_by, problems)
    elif about["has_issues"]:
        close_config_issue(here)
    return problems


def watch_pull(post: Post, client: Client, number: int) -> tuple[Problem, ...]:
    """What is wrong in a pull request that changes the configuration; said on its newest commit."""
    about, pull = client.get("."), client.find_new(f"./pulls/{number}")
    if pull is None or pull["state"] != "open" or about["archived"]:
        return ()
    head, base = pull["head"]["sha"], pull["base"]["ref"]
    if base != about["default_branch"] or config_text(client, head) == config_text(client, base):
        return ()
    problems = _problems(client, head)
    put_config_check(_here(post, client), head, problems)
    return problems


def _here(post: Post, client: Client) -> Here:
    return Here(client, post.ourselves, post.app.app_id)


def _problems(client: Client, ref: str) -> tuple[Problem, ...]:
    text, problem = config_text(client, ref)
    if text is None:
        return ((1, 0, problem),) if problem else ()
    try:
        load_policy(text, CONFIG_PATH)
    except InvalidConfig as error:
        return error.problems
    except ConfigError as error:
        return ((error.line, error.column, error.bare),)
    return ()
