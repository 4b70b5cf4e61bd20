"""Conversations: what was said before goes with the question, the answer is kept for the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.errors import Refused, Unusable
from bot.llm.types import Message
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.claude_steps import ClaudeBase, ClaudeSessionStep
from bot.pipeline.language.parts import ClaudeContinuePart
from bot.pipeline.steps.answering import Question, prepared


@dataclass(frozen=True)
class Conversation:
    """Which conversation a step takes part in, and how."""

    name: str
    stored: bool
    """Begins where an earlier run ended."""
    persist: bool
    anew: bool
    """Begins again in this step."""
    max_turns: int | None


def conversation_of(step: ClaudeBase, context: StepContext) -> Conversation | None:
    """The step's conversation, None for a question of its own."""
    if isinstance(step, ClaudeSessionStep):
        config = step.session_config
        stored = (
            config.persist if config.continue_on_restart is None else config.continue_on_restart
        )
        return Conversation(
            context.render(config.session_name).strip() or step.name,
            stored=stored,
            persist=config.persist,
            anew=not config.continue_session,
            max_turns=config.max_turns,
        )
    options = step.claude_options
    if not options.session_id:
        return None
    resumed = options.resume_session is True
    return Conversation(
        context.render(options.session_id),
        stored=resumed,
        persist=resumed,
        anew=options.resume_session is False,
        max_turns=None,
    )


def converse(
    step: ClaudeBase,
    conversation: Conversation,
    context: StepContext,
    *,
    prefer: str,
    ask: Callable[[Question], Outcome],
) -> Outcome:
    """One turn; it is kept once it is answered, so that a turn that failed was never said."""
    sessions = context.run.sessions
    if conversation.anew:
        sessions.begin(conversation.name)
    history = sessions.history(conversation.name, stored=conversation.stored)
    _require_room(step, conversation, history)
    if not history and any(isinstance(part, ClaudeContinuePart) for part in step.prompt):
        raise Unusable(
            f"step {step.name!r} continues the session {conversation.name!r}, in which nothing "
            "was said",
            hint="begin it with a claude_session step before",
        )
    question = prepared(step, context, prefer=prefer, session=conversation.name)
    question = replace(question, request=replace(question.request, history=history))
    outcome = ask(question)
    if outcome.status == "succeeded":
        said = Message("user", question.request.prompt())
        answered = Message("assistant", outcome.text or json.dumps(outcome.data))
        sessions.append(conversation.name, (said, answered), persist=conversation.persist)
    return outcome


def _require_room(
    step: ClaudeBase, conversation: Conversation, history: tuple[Message, ...]
) -> None:
    turns = sum(message.role == "user" for message in history)
    if conversation.max_turns is not None and turns >= conversation.max_turns:
        raise Refused(
            f"step {step.name!r}: the session {conversation.name!r} has had its {turns} turns",
            hint="raise max_turns, or begin another session",
        )
