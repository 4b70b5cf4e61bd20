from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.core.finding import Analysis
from bot.errors import ModelMisbehaved, NeedsModel, Transient
from bot.llm.offline import OfflineModel, SkillRequest
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Part, Request

PACK = Part("file", '<file path="lib/a.ex">\ndefmodule A do\nend\n</file>\n', name="pack.xml")
FINDING = {"rule": "r", "path": "lib/a.ex", "line": 1, "message": "m"}


def request(*parts: Part, **more: Any) -> Request:
    return Request(parts=parts or (Part("instructions", "hello"),), step="s", **more)


def analyser(files: Mapping[str, str]) -> Analysis:
    return Analysis(files=len(files), lines=2, modules=1, findings=(), rules=tuple(files))


def test_a_named_skill_gets_arguments_and_responses_as_data() -> None:
    seen: list[SkillRequest] = []

    def skill(asked: SkillRequest) -> Any:
        seen.append(asked)
        return {"ok": True}

    parts = (
        Part("response", "{}", name="one", data={"a": 1}),
        Part("response", "text", name="two"),
    )
    reply = OfflineModel({"k": skill}).complete(request(*parts, skill="k", arguments={"n": 1}))
    assert (reply.data, reply.text, reply.model) == ({"ok": True}, '{\n  "ok": true\n}', "offline")
    assert (seen[0].arguments, seen[0].responses) == ({"n": 1}, {"one": {"a": 1}, "two": "text"})


def test_a_skill_may_answer_text() -> None:
    reply = OfflineModel({"k": lambda asked: "plain"}).complete(request(skill="k"))
    assert (reply.text, reply.data) == ("plain", None)


def test_a_code_pack_is_analysed() -> None:
    reply = OfflineModel(analyser=analyser).complete(request(Part("instructions", "look"), PACK))
    assert (reply.data["files"], reply.data["rules"]) == (1, ["lib/a.ex"])


def test_findings_go_to_the_planner() -> None:
    model = OfflineModel(analyser=analyser, planner=lambda asked, found: {"planned": len(found)})
    found = Part("response", "…", name="a", data={"findings": [FINDING]})
    assert model.complete(request(found)).data == {"planned": 1}
    listed = Part("response", "…", name="a", data=[FINDING, FINDING])
    assert model.complete(request(listed)).data == {"planned": 2}
    none = Part("response", "…", name="a", data={"findings": []})
    assert model.complete(request(none)).data == {"planned": 0}


@pytest.mark.parametrize(
    "asked",
    [
        request(),
        request(skill="unknown"),
        request(PACK, output_schema={"required": ["poem"]}),
        request(Part("instructions", PACK.text)),
        request(Part("response", "…", name="a", data=[{"rule": 1}])),
        request(Part("response", "…", name="a", data=[])),
    ],
)
def test_everything_else_names_the_key_to_set(asked: Request) -> None:
    with pytest.raises(NeedsModel) as error:
        OfflineModel({"k": lambda a: "x"}, analyser=analyser).complete(asked)
    assert "step 's' needs a model" in error.value.message
    assert "ANTHROPIC_API_KEY or GEMINI_API_KEY" in error.value.hint


def test_the_scripted_model_keeps_to_its_script() -> None:
    model = ScriptedModel(["a", lambda asked: asked.step, Transient("busy")])
    assert [model.complete(request()).text for _ in range(2)] == ["a", "s"]
    with pytest.raises(Transient):
        model.complete(request())
    with pytest.raises(ModelMisbehaved, match="the script has 3 replies"):
        model.complete(request())
    assert len(model.requests) == 4
