"""Whether anything can be in a server's mailbox before what `init/1` sends to itself."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.reach import reached
from bot.elixir.self_sends import SelfSend
from bot.elixir.starters import RAW_STARTS, is_nameless
from bot.elixir.timers import own_messages, run_by
from bot.elixir.ways import ways

_SPREADS = re.compile(
    r"(?:start|open|connect|spawn|link|listen|accept|subscribe|register|join|monitor|attach"
    r"|consume|track|watch)(?:_|!|$)"
)
"""How functions are named that let others know of the process, or bring it messages."""

_CALLBACKS = re.compile(rb"\bhandle_|@before_compile\b|\buse (?!Supervisor\b)")
_SENT = rb"\bsend(?!\w*\(self\(\))\w*[ (][^\n]*%s\b"
"""A message that is sent to another process, where the send is written on one line."""

_DEMONITORS = ("Process.demonitor", ":erlang.demonitor")


def why_first(sent: SelfSend, clause: Clause, project: Project) -> str:
    """The exemption by which nothing comes before a message of `init/1`; empty if something can."""
    module = clause.function.module
    if _nothing_else_comes(sent, clause, project):
        return "only-message"
    if _does_nothing(sent, module):
        return "nothing-done"
    if not _alone(clause, project):
        return ""
    if is_nameless(module, project):
        return "unknown-yet"
    return "brought-by-it" if _brings_the_others(sent, module, project) else ""


def takes_requests(module: Module) -> bool:
    """Whether others call the server, or cast to it."""
    return bool({("handle_call", 3), ("handle_cast", 2)} & set(module.functions))


def _nothing_else_comes(sent: SelfSend, init: Clause, project: Project) -> bool:
    """Whether the server does nothing about any message but this, and those that come of it."""
    module = init.function.module
    taken = module.functions.get(("handle_info", 2))
    if taken is None or takes_requests(module) or _brings_callbacks(module, project):
        return False
    return all(
        _is_it(clause, sent)
        or _only_notes(clause)
        or _leaves_all(clause)
        or _is_sent_later(clause, project)
        or (_is_for_a_kept_reference(clause) and _alone(init, project))
        for clause in taken.clauses
    )


def _brings_callbacks(module: Module, project: Project) -> bool:
    """Whether something that it uses may give it further clauses: a library, or a module of the
    project that speaks of callbacks.
    """
    used = [project.modules.get(use.name) for use in module.uses if use.name != "GenServer"]
    return any(
        facts is None or _CALLBACKS.search(project.texts[facts.path][facts.start : facts.end])
        for facts in used
    )


def _is_sent_later(clause: Clause, project: Project) -> bool:
    """Whether its message is an atom that only the server's own callbacks send: whichever comes
    first, another one was handled before.
    """
    module, message = clause.function.module, clause.params[0]
    if message.type != "atom":
        return False
    word = text(message).encode()
    senders = [
        around
        for around in module.clauses_with(word)
        if any(text(own.message) == text(message) for own in own_messages(around))
    ]
    if not senders or any(around.function.label == "init/1" for around in senders):
        return False
    elsewhere = re.compile(_SENT % re.escape(word))
    others = (path for path in project.lib_holding(word) if path != module.source.path)
    return not any(project.texts[path].matches(elsewhere) for path in others)


def _is_for_a_kept_reference(clause: Clause) -> bool:
    """Whether its message holds what the state holds too, of something that it opened before; or is
    the answer of a task, or the end of what the server monitors.
    """
    message, state = clause.params[:2]
    if message.type != "tuple":
        return False
    both = nodes.identifiers(message) & nodes.identifiers(state)
    if any(not name.startswith("_") for name in both):
        return True
    reference = message.named_children[0] if message.named_children else message
    return any(
        call.full in _DEMONITORS and call.args and text(call.args[0]) == text(reference)
        for call in clause.calls
    )


def _does_nothing(sent: SelfSend, module: Module) -> bool:
    """Whether all that takes the message gives the state back as it was."""
    taken = module.functions.get(("handle_info", 2))
    its = [clause for clause in taken.clauses if _is_it(clause, sent)] if taken is not None else []
    return bool(its) and all(map(_leaves_all, its))


def _leaves_all(clause: Clause) -> bool:
    """Whether a clause calls nothing, and gives the state back as it was."""
    return not clause.calls and all(
        way.tag == ":noreply" and _elements(way.result)[1:] == [text(clause.params[1])]
        for way in ways(clause)
    )


def _elements(result: Node) -> list[str]:
    return [text(part) for part in result.named_children if part.type != "comment"]


def _alone(init: Clause, project: Project) -> bool:
    """Whether `init/1` lets nobody know of its process."""
    return not any(_spreads(clause, project) for clause in run_by(init))


def _spreads(clause: Clause, project: Project) -> bool:
    kept = {arg.id for own in own_messages(clause) for arg in own.call.args}
    return any(
        (_is_self(call) and call.node.id not in kept)
        or (_opens(call) and not _starts_a_stranger(call, project))
        for call in clause.calls
    )


def _is_self(call: Call) -> bool:
    return call.name == "self" and call.arity == 0


def _opens(call: Call) -> bool:
    foreign = call.module != call.owner.name
    return foreign and _SPREADS.match(call.name) is not None


def _starts_a_stranger(call: Call, project: Project) -> bool:
    """Whether it starts a server of the project that is not told who starts it.

    Arguments with `self()` are seen where that is called.
    """
    if call.full in RAW_STARTS:
        return bool(call.args) and _is_own(call.args[0], call.owner, project)
    facts = project.modules.get(call.module)
    if facts is None or facts.role != "lib" or not project.defines(facts, call.name):
        return False
    function = project.module(facts.name).local(call.name, call.arity)
    steps = reached([function]) if function is not None else []
    found = [inner for step in steps for inner in step.clause.calls]
    return any(inner.full in RAW_STARTS for inner in found) and not any(
        _is_self(inner)
        or (_opens(inner) and not (inner.full in RAW_STARTS and _starts_a_stranger(inner, project)))
        for inner in found
    )


def _is_own(started: Node, module: Module, project: Project) -> bool:
    if text(started) == "__MODULE__":
        return True
    return started.type == "alias" and module.scope.resolve(started) in project.modules


def _brings_the_others(sent: SelfSend, module: Module, project: Project) -> bool:
    """Whether what handles the message opens something, and the server takes nothing else but
    what may come from there.
    """
    taken = module.functions.get(("handle_info", 2))
    if taken is None or takes_requests(module) or _brings_callbacks(module, project):
        return False
    its = [clause for clause in taken.clauses if _is_it(clause, sent)]
    opens = any(_opens(call) for own in its for c in run_by(own) for call in c.calls)
    others = (clause for clause in taken.clauses if clause not in its)
    return opens and all(_comes_from_elsewhere(clause) or _only_notes(clause) for clause in others)


def _comes_from_elsewhere(clause: Clause) -> bool:
    """Whether it takes a tuple with a tag, as processes send that work for this one."""
    pattern = clause.params[0]
    return pattern.type == "tuple" and is_tagged(pattern, clause.function.module)


def _is_it(clause: Clause, sent: SelfSend) -> bool:
    module, pattern = clause.function.module, clause.params[0]
    return is_tagged(pattern, module) and can_match(pattern, sent.message, module)


def _only_notes(clause: Clause) -> bool:
    """Whether a clause for any message at most writes it to the log."""
    return clause.params[0].type == "identifier" and all(
        call.module == "Logger" or call.full == "inspect" for call in clause.calls
    )
