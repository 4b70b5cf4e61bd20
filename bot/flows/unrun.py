"""A change where nothing of the repository may be run: formatted and judged by reading it."""

from __future__ import annotations

from bot.codebase.formatted_text import format_texts
from bot.codebase.toolchain import Missing, find_toolchain
from bot.core.plan import Action
from bot.core.verdict import Verdict
from bot.flows.bench import Bench
from bot.verify.gates import Redetect
from bot.verify.verify import verify_by_gates


def judge_unrun(bench: Bench, action: Action, redetect: Redetect | None) -> Verdict:
    """The verdict of the gates on the uncommitted change; the checks are made elsewhere."""
    _format(bench)
    return verify_by_gates(action, bench.changes(), bench.session.elsewhere, redetect=redetect)


def _format(bench: Bench) -> None:
    tools = find_toolchain(bench.worktree.project, bench.environment)
    if isinstance(tools, Missing):
        return
    elixir = (c for c in bench.changes() if c.after and c.path.endswith((".ex", ".exs")))
    texts = {c.path: (c.before, c.after) for c in elixir}
    found = format_texts(tools, bench.read(".formatter.exs"), texts, bench.environment)
    for path, text in found.items():
        bench.worktree.files.write(bench.session.prefix + path, text)
