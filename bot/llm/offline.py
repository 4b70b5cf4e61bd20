"""The embedded model: serves what it can prove, says plainly what it cannot, makes nothing up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.core.finding import Analysis
from bot.errors import NeedsModel
from bot.llm.pack import looks_like_pack, read_pack
from bot.llm.recognise import Recognised, recognise
from bot.llm.structured import violations
from bot.llm.tokens import estimate_request
from bot.llm.types import Json, OnText, Reply, Request, unheard

KEYS = "set ANTHROPIC_API_KEY or GEMINI_API_KEY"
NOTHING_KNOWN = (
    "offline it cannot be told what is asked: it answers from a repomix pack, findings, a test run "
    "or a patch, and this prompt quotes none of them"
)


@dataclass(frozen=True)
class SkillRequest:
    """What a skill gets: the step's `arguments`, and the data of the responses in its prompt."""

    skill: str
    request: Request
    arguments: Mapping[str, Json]
    responses: Mapping[str, Json]
    """Step name to data, for each `previous_response` part (its text where it has no data), and
    `analyser` for a `findings` part."""


Skill = Callable[[SkillRequest], Json]
"""Returns the step's data, or a string for a text answer. Raises `OtpError` when it cannot."""
Analyser = Callable[[Mapping[str, str]], Analysis]
"""Path to content of a code pack, to what the rules say about it."""
Planner = Callable[[SkillRequest, tuple[Mapping[str, Json], ...]], Json]
"""Findings in a prompt (as JSON) to the answer of a step that was given them."""


class OfflineModel:
    """Serves a named skill, findings or a code pack in the prompt, and what facts in the prompt
    answer (`bot.llm.recognise`); everything else needs a key."""

    def __init__(
        self,
        skills: Mapping[str, Skill] | None = None,
        analyser: Analyser | None = None,
        planner: Planner | None = None,
    ) -> None:
        self._skills = dict(skills or {})
        self._analyser = analyser
        self._planner = planner

    @property
    def name(self) -> str:
        return "offline"

    @property
    def local(self) -> bool:
        return True

    @property
    def skills(self) -> tuple[str, ...]:
        """Names this model serves."""
        return tuple(sorted(self._skills))

    def count_tokens(self, request: Request) -> int:
        """Estimated."""
        return estimate_request(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The answer, computed; raises `NeedsModel` naming the key to set."""
        asked = _skill_request(request)
        if request.skill:
            if request.skill not in self._skills:
                raise _needs(request, f"there is no offline skill {request.skill!r}")
            return _reply(self._skills[request.skill](asked))
        found = None if request.tools else self._recognised(asked)
        if found is None:
            raise _needs(request, NOTHING_KNOWN)
        if request.output_schema is not None and violations(found.answer, request.output_schema):
            raise _needs(request, "what is known offline does not have the form this step wants")
        return replace(_reply(found.answer), notice=found.notice)

    def _recognised(self, asked: SkillRequest) -> Recognised | None:
        found = _findings(asked)
        if found is not None and self._planner is not None:
            return Recognised(self._planner(asked, found))
        for part in asked.request.parts if self._analyser is not None else ():
            if part.kind != "instructions" and looks_like_pack(part.text):
                assert self._analyser is not None
                return Recognised(self._analyser(read_pack(part.text)).model_dump(mode="json"))
        return recognise(asked.request)


def _skill_request(request: Request) -> SkillRequest:
    responses = {
        part.name: part.text if part.data is None else part.data
        for part in request.parts
        if part.kind in ("response", "findings")
    }
    return SkillRequest(request.skill, request, request.arguments, responses)


def _findings(asked: SkillRequest) -> tuple[Mapping[str, Json], ...] | None:
    for data in asked.responses.values():
        found = data.get("findings") if isinstance(data, Mapping) else data
        if (
            isinstance(found, list)
            and (found or isinstance(data, Mapping))
            and all(map(_is_finding, found))
        ):
            return tuple(found)
    return None


def _is_finding(value: Json) -> bool:
    return isinstance(value, Mapping) and {"rule", "path", "line", "message"} <= value.keys()


def _reply(answer: Json) -> Reply:
    if isinstance(answer, str):
        return Reply(text=answer, model="offline")
    return Reply(
        text=json.dumps(answer, ensure_ascii=False, indent=2), model="offline", data=answer
    )


def _needs(request: Request, why: str) -> NeedsModel:
    return NeedsModel(f"step {request.step!r} needs a model: {why}", hint=KEYS)
