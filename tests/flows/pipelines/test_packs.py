"""A code pack is planned offline, from its own analysis alone."""

from __future__ import annotations

import pytest

from bot.errors import NeedsModel
from bot.flows.pipelines.packs import Packs
from bot.llm.offline import SkillRequest
from bot.llm.types import Request
from tests.flows.support import SHOP

ASKED = SkillRequest("", Request((), step="plan"), {}, {})


def test_the_five_documents_follow_from_the_analysed_pack() -> None:
    packs = Packs(goal="Survive")
    found = packs.analyse(SHOP)
    text = packs.plan(ASKED, tuple(f.model_dump(mode="json") for f in found.findings))
    assert "- Goal: Survive" in text
    for title in ("1. Critical fixes", "2. State persistence", "5. Integration and rollout"):
        assert title in text
    assert "lib/shop/mail.ex" in text


@pytest.mark.parametrize("analysed", [True, False])
def test_findings_of_somebody_else_need_a_model(analysed: bool) -> None:
    packs = Packs()
    if analysed:
        packs.analyse({"lib/a.ex": "defmodule A do\nend\n"})
    with pytest.raises(NeedsModel, match="findings the analyser did not make"):
        packs.plan(ASKED, ({"id": "made-up", "rule": "r", "path": "x", "line": 1, "message": "m"},))
