"""What a person typed, fitted to a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import Unusable
from bot.flows.pipelines.asked import Asked, Bound, bind
from bot.flows.pipelines.prompted import with_prompt
from bot.pipeline.load import Loaded
from tests.pipeline.support import load, steps

OPEN = steps('- {name: a, type: claude, prompt: "{{ x }} {{ y | default(1) }}"}')
TYPED = steps(
    '- {name: a, type: claude, prompt: "{{ goal }}"}',
    head="inputs: {goal: {type: string}, n: {type: integer}, l: {type: list}}",
)
FRAGMENT = load("- {name: b, type: claude, prompt: [{type: previous_response, step: earlier}]}")


def bound(loaded: Loaded, *inputs: str, **more: Any) -> Bound:
    return bind(Asked(Path("x.yaml"), inputs=inputs, **more), loaded)


def test_values_are_text_unless_declared_or_said_otherwise(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("from a file")
    assert bound(OPEN, "x=1").inputs == {"x": "1"}
    assert bound(OPEN, "x:=1").inputs == {"x": 1}
    assert bound(OPEN, f"x=@{tmp_path}/f").inputs == {"x": "from a file"}
    assert bound(OPEN, "x=a=b").inputs == {"x": "a=b"}
    assert bound(TYPED, "n=3", "l=[1]").inputs == {"n": 3, "l": [1]}


def test_only_what_cannot_be_done_without_is_demanded() -> None:
    with pytest.raises(Unusable, match="needs the input 'x'"):
        bound(OPEN, "y=2")


def test_a_goal_is_meant_by_a_prompt_where_there_is_one() -> None:
    assert bound(TYPED, prompt="survive").inputs == {"goal": "survive"}


def test_what_a_missing_step_answered_is_given_as_an_input(tmp_path: Path) -> None:
    given = bound(FRAGMENT, 'earlier={"ok": true}').given["earlier"]
    assert (given.data, given.text) == ({"ok": True}, '{"ok": true}')
    assert bound(FRAGMENT, "earlier=3 tests").given["earlier"].data is None
    with pytest.raises(Unusable, match="refers to step 'earlier'"):
        bound(FRAGMENT)


def test_a_named_file_may_be_quoted_and_counts_for_which_run_it_is(tmp_path: Path) -> None:
    file = tmp_path / "pack.xml"
    file.write_text("one")
    first = bound(OPEN, f"x={file}")
    assert first.named == (file.resolve(),)
    before = first.digest()
    file.write_text("two")
    assert bound(OPEN, f"x={file}").digest() != before


def test_what_was_bound_can_be_bound_again(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("x")
    made = bound(OPEN, f"x={file}")
    assert Bound.restored(made.kept("p")) == made


def test_a_prompt_goes_before_every_model_step_and_is_no_template() -> None:
    loaded = steps(
        """
        - name: l
          type: for_loop
          data_source: [1]
          steps: [{name: a, type: claude, prompt: "A"}]
        - name: s
          type: switch
          expression: "'x'"
          cases: {x: [{name: b, type: claude, prompt: "B"}]}
          default: [{name: c, type: claude, prompt: "C"}]
        """
    )
    text = str(with_prompt(loaded, "{{ evil }}"))
    assert text.count("{{ inputs.prompt }}") == 3
    assert "evil" not in text


def test_a_pipeline_with_a_place_for_the_prompt_is_left_alone() -> None:
    own = steps('- {name: a, type: claude, prompt: "{{ prompt }}"}')
    assert with_prompt(own, "x") is own.workflow
    assert with_prompt(TYPED, "x") is TYPED.workflow
