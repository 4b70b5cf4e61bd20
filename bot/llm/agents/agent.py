"""The agent: one loop for every vendor. Ask, carry out the calls, show the results, ask again.

Its state is one flat list of turns, and the report holds all of it. A reply without any call is
reminded once how to end. The second in a row ends the work: as done where the answer is text and
there is some, else as stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.llm.agents import tool_texts as texts
from bot.llm.agents.agent_calls import Dispatcher
from bot.llm.agents.agent_calls import Ending as Ending
from bot.llm.agents.agent_calls import Toolset as Toolset
from bot.llm.agents.agent_limits import AgentLimits as AgentLimits
from bot.llm.agents.agent_limits import Spent, next_is_last, reached
from bot.llm.agents.window import bared, without_results
from bot.llm.types import (
    Json,
    Message,
    Model,
    OnText,
    Reply,
    Request,
    ToolCall,
    ToolResult,
    Usage,
    unheard,
)

CIRCLE = 3
"""So many times the same calls with the same results, and the agent goes in circles."""

_CUT = {
    "max_tokens": "the reply was cut at the token limit",
    "refusal": "the model refused",
    "context_full": "the conversation is too long for the model",
}


@dataclass(frozen=True)
class AgentReport:
    """The end of an agent's work, with everything it did."""

    status: Literal["done", "stopped"]
    reason: str
    """Why it stopped; empty when it is done."""
    text: str
    """What the model said last: its summary, why it gave up, or its last words."""
    data: Json
    """What `done` gave, valid against the request's schema; None without one."""
    usage: Usage
    steps: int
    transcript: tuple[Message, ...]
    """The whole conversation from the prompt on, every tool result in full."""
    model: str
    notice: str


@dataclass(frozen=True)
class AgentEvent:
    """A turn that has just been added."""

    step: int
    message: Message
    usage: Usage
    """Of all replies so far."""


Watch = Callable[[AgentEvent], None]


def unwatched(event: AgentEvent) -> None:
    """A `Watch` for nobody."""


def unchecked() -> None:
    """A `check` that never stops anything."""


Finish = Callable[[Reply], Ending | None]
"""The end of the work in a reply that calls nothing, None where it is no answer."""


def unfinished(reply: Reply) -> Ending | None:
    """A `Finish` for work that only `done` ends."""
    return None


def run_agent(
    model: Model,
    request: Request,
    toolset: Toolset,
    *,
    finish: Finish = unfinished,
    limits: AgentLimits | None = None,
    clock: Callable[[], float] = time.monotonic,
    check: Callable[[], None] = unchecked,
    on_text: OnText = unheard,
    watch: Watch = unwatched,
) -> AgentReport:
    """Let the model work until it is done, gives up or reaches a limit.

    `finish` may take a reply that calls nothing for the answer; without it only `done` ends well.
    `check` is called before every reply and tool call and may raise to stop. Errors of the model
    and of the run's budget are raised as they are; what the tools refuse goes back to the model.
    """
    limits = limits or AgentLimits()
    dispatcher = Dispatcher(toolset, request.output_schema, check)
    agent = _Agent(
        model, _with_tools(request, dispatcher, limits), dispatcher, limits, on_text, watch, finish
    )
    started, ended = clock(), None
    while ended is None:
        check()
        limit = reached(limits, agent.spent, clock() - started)
        ended = Ending("stopped", limit, agent.last_words()) if limit else agent.step()
    return agent.report(ended)


def _with_tools(request: Request, dispatcher: Dispatcher, limits: AgentLimits) -> Request:
    """`done` takes the place of the output schema: a turn that calls tools has no other."""
    replies = f"{limits.steps} {'reply' if limits.steps == 1 else 'replies'}"
    system = (request.system, texts.RULES.format(replies=replies))
    return replace(
        request,
        system="\n\n".join(filter(None, system)),
        tools=dispatcher.tools,
        output_schema=None,
    )


@dataclass
class _Agent:
    """The conversation so far."""

    model: Model
    request: Request
    dispatcher: Dispatcher
    limits: AgentLimits
    on_text: OnText
    watch: Watch
    finish: Finish
    turns: list[Message] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    bared: int = 0
    """So many of the first turns no longer show their large results."""
    silent: int = 0
    """Replies in a row without a call."""
    exchange: str = ""
    """The latest calls with their results."""
    repeats: int = 0
    """How often in a row that was the exchange."""
    answered_by: str = ""
    notices: dict[str, None] = field(default_factory=dict)

    def step(self) -> Ending | None:
        """One reply, and what comes of it."""
        reply = self._ask()
        if reply.stop_reason in _CUT:
            return Ending("stopped", _CUT[reply.stop_reason], reply.text)
        if not reply.calls:
            return self._without_call(reply)
        self.silent = 0
        results, ended = self.dispatcher.carry_out(reply.calls)
        self._judge(reply.calls, results)
        if ended is None and self.repeats >= CIRCLE:
            ended = Ending("stopped", f"the same call {CIRCLE} times, the same result", reply.text)
        if ended is not None:
            self._add(Message("user", results=results))
            return ended
        self._answer(texts.AGAIN if self.repeats == CIRCLE - 1 else "", results)
        return None

    def report(self, ended: Ending) -> AgentReport:
        """Everything there is to say at the end."""
        return AgentReport(
            status=ended.status,
            reason=ended.reason,
            text=ended.text,
            data=ended.data,
            usage=self.spent.usage,
            steps=self.spent.steps,
            transcript=(*self.request.messages(), *self.turns),
            model=self.answered_by or self.model.name,
            notice="; ".join(self.notices),
        )

    def last_words(self) -> str:
        """The latest text the model wrote."""
        said = (turn.text for turn in reversed(self.turns) if turn.role == "assistant")
        return next(filter(None, said), "")

    def _ask(self) -> Reply:
        self.bared = bared(self.request, self.turns, self.bared, room=self.limits.context)
        shown = without_results(self.turns, self.bared)
        asked = replace(self.request, turns=(*self.request.turns, *shown))
        reply = self.model.complete(asked, on_text=self.on_text)
        self.spent.charge(reply.usage)
        self.answered_by = reply.model
        if reply.notice:
            self.notices[reply.notice] = None
        self._add(reply.message())
        return reply

    def _without_call(self, reply: Reply) -> Ending | None:
        if (answered := self.finish(reply)) is not None:
            return answered
        self.silent += 1
        if self.silent < 2:
            self._answer(texts.NO_CALL)
            return None
        if reply.text.strip() and not self.dispatcher.wants_data:
            return Ending("done", "", reply.text)
        return Ending("stopped", "the model stopped calling tools", reply.text)

    def _judge(self, calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> None:
        all_failed = all(result.failed for result in results)
        self.spent.failures = self.spent.failures + 1 if all_failed else 0
        self.spent.refusals += sum(r.failed and r.name == "done" for r in results)
        asked = [(call.name, dict(call.arguments)) for call in calls]
        came = [(result.text, result.failed) for result in results]
        exchange = json.dumps([asked, came], sort_keys=True, default=str)
        self.repeats = self.repeats + 1 if exchange == self.exchange else 1
        self.exchange = exchange

    def _answer(self, remark: str, results: tuple[ToolResult, ...] = ()) -> None:
        last = texts.LAST if next_is_last(self.limits, self.spent) else ""
        self._add(Message("user", "\n".join(filter(None, (remark, last))), results=results))

    def _add(self, message: Message) -> None:
        self.turns.append(message)
        self.watch(AgentEvent(self.spent.steps, message, self.spent.usage))
