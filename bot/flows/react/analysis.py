"""`Analyse`: clone the base, analyse it, plan; nothing of the repository is executed."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.leftovers import remove_tree
from bot.codebase.repository import Repository
from bot.core.lifecycle.commands import Analyse
from bot.core.plan import Plan
from bot.core.sanitize import mask, one_line
from bot.errors import OtpError, Transient
from bot.flows.react.post import Post
from bot.flows.react.record import PROBLEM, plan_files
from bot.flows.run_plan import make_plan
from bot.flows.session import Session, goal_of
from bot.github.client import Client

BASE = "refs/genesis/base"


def analyse(post: Post, client: Client, plan_id: str, command: Analyse) -> dict[str, bytes]:
    """The plan's files, or the file that says why there is none; `Transient` passes through."""
    clone = post.folder(client.full_name) / "clones" / f"{plan_id}.git"
    try:
        return plan_files(_plan(post, client, plan_id, command, clone))
    except Transient:
        raise
    except OtpError as error:
        told = one_line(str(error)).replace(str(clone), client.full_name)
        text = mask(told, post.settings.secrets())
        return {PROBLEM: f"{command.replan}\n{text}\n".encode()}


def _plan(post: Post, client: Client, plan_id: str, command: Analyse, clone: Path) -> Plan:
    remove_tree(clone)
    try:
        post.remote(client).clone(clone, f"{command.base}:{BASE}", depth=1)
        repository = Repository.bare(clone, post.settings)
        session = Session(repository, command.base, goal_of(command.goal), plan_id=plan_id)
        session.dry_run = True
        return make_plan(session, fresh=True)
    finally:
        remove_tree(clone)
