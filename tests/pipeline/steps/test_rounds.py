"""What iterations are called, so that what was paid for one of them is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.llm.scripted import ScriptedModel
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.steps.rounds import place
from tests.pipeline.support import Tree, run, steps


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"id": "1-add-child"}, "1-add-child"),
        ({"id": 7}, "3"),
        ({"id": "a/b"}, "3"),
        ({"id": ""}, "3"),
        ({}, "3"),
        ("x", "3"),
    ],
)
def test_an_iteration_is_called_by_its_items_id(item: Any, name: str) -> None:
    assert place(3, item) == name


def test_an_answer_is_found_again_when_fewer_items_are_left(tmp_path: Path) -> None:
    body = steps(
        """
        - name: each
          type: for_loop
          data_source: "{{ actions }}"
          steps:
            - {name: ask, type: claude, prompt: "Do {{ item.id }}"}
        - {name: end, type: mix, task: test}
        """
    )
    model = ScriptedModel(["one", "two"], name="anthropic")
    actions = [{"id": "a"}, {"id": "b"}]
    for left, code in ((actions, 1), (actions[1:], 0)):
        result = run(
            body,
            {"actions": left},
            models={"anthropic": model},
            services=Tree(exit_code=code).services(),
            checkpoints=Checkpoints(tmp_path),
        )
    assert result.status == "succeeded"
    assert len(model.requests) == 2
