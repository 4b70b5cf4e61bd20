"""A dry run renders every prompt, asks nobody and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.offline import OfflineModel
from bot.llm.scripted import ScriptedModel
from bot.llm.structured import violations
from bot.llm.types import Model
from bot.pipeline.dry import DryEngine, Rehearsal
from bot.pipeline.samples import UNKNOWN, sample
from tests.pipeline.support import Tree, steps


def rehearse(
    text: str, inputs: dict[str, Any] | None = None, tree: Tree | None = None
) -> tuple[Rehearsal, ScriptedModel, Tree]:
    """A dry run with a vendor that must not be asked."""
    vendor, tree = ScriptedModel([], name="anthropic"), tree or Tree()
    offline = OfflineModel({"s": lambda asked: {"items": [7, 8]}})
    models: dict[str, Model] = {"anthropic": vendor, "offline": offline}
    engine = DryEngine(models, services=tree.services())
    assert engine.run(steps(text).workflow, inputs or {}).error is None
    return engine.rehearsal, vendor, tree


def prompts(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    return [(a.path, a.request.prompt()) for a in rehearsal.askings]


def test_both_branches_and_every_case_are_rendered_and_nobody_is_asked() -> None:
    found, vendor, _ = rehearse(
        """
        - name: a
          type: claude
          when: "{{ flag }}"
          prompt: yes
          else:
            - {name: b, type: claude, prompt: "no"}
        - name: c
          type: switch
          expression: a.text
          cases:
            x: [{name: d, type: claude, prompt: "x"}]
          default: [{name: e, type: claude, prompt: "other"}]
        """.replace("prompt: yes", 'prompt: "yes"'),
        {"flag": False},
    )
    assert prompts(found) == [
        ("test/a", "yes"),
        ("test/b", "no"),
        ("test/c/d", "x"),
        ("test/c/e", "other"),
    ]
    assert vendor.requests == []


def test_an_answer_is_stood_in_for_by_a_value_of_its_form() -> None:
    found, _, _ = rehearse(
        """
        - name: a
          type: claude
          prompt: "q"
          output_schema: {type: object, properties: {n: {type: integer, minimum: 4}}}
        - {name: b, type: claude, prompt: "{{ a.n + 1 }}"}
        - {name: c, type: claude, prompt: "{{ b.text }}"}
        """
    )
    assert prompts(found)[1:] == [("test/b", "5"), ("test/c", "[what step 'b' answers]")]


def test_what_is_free_is_computed_and_loops_know_how_often() -> None:
    found, _, _ = rehearse(
        """
        - {name: known, type: llm, provider: offline, offline: s, prompt: "q"}
        - name: each
          type: for_loop
          data_source: known.items
          steps:
            - {name: a, type: claude, prompt: "{{ item }}"}
        - name: until
          type: while_loop
          condition: "true"
          max_iterations: 5
          steps:
            - {name: b, type: claude, prompt: "again"}
        """
    )
    assert [(a.path, a.times, a.request.prompt()) for a in found.askings[1:]] == [
        ("test/each/a", 2, "7"),
        ("test/until/b", None, "again"),
    ]


def test_a_prompt_that_cannot_be_known_is_named_and_the_rest_goes_on() -> None:
    found, _, _ = rehearse(
        """
        - {name: a, type: claude, prompt: "{{ x.y.z }}"}
        - {name: b, type: claude, prompt: "fine"}
        """,
        {"x": 1},
    )
    assert [u.path for u in found.unrendered] == ["test/a"]
    assert prompts(found) == [("test/b", "fine")]


def test_an_agent_is_shown_its_tools_and_ends_at_once() -> None:
    with_root = Tree()
    found, _, _ = rehearse(
        '- {name: a, type: claude, prompt: "x", retry: {attempts: 3}}', tree=with_root
    )
    assert len(found.askings) == 1
    assert with_root.done == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, UNKNOWN),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 3}, 3),
        ({"type": ["null", "string"]}, None),
        ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, True),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        (
            {"$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/B"}}},
                       "B": {"type": "number", "maximum": -2}}, "$ref": "#/$defs/A"},
            {"a": -2},
        ),
        (None, UNKNOWN),
    ],
)  # fmt: skip
def test_samples(schema: Any, value: Any) -> None:
    assert sample(schema) == value


SCHEMAS = st.recursive(
    st.one_of(
        st.just({"type": "string"}),
        st.just({"type": "boolean"}),
        st.integers(-9, 9).map(lambda n: {"type": "integer", "minimum": n}),
        st.lists(st.integers(), min_size=1, max_size=3).map(lambda e: {"enum": e}),
    ),
    lambda inner: st.one_of(
        inner.map(lambda s: {"type": "array", "items": s}),
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(
            lambda p: {"type": "object", "properties": p, "required": list(p)}
        ),
    ),
    max_leaves=6,
)


@given(schema=SCHEMAS)
def test_a_sample_has_the_form_it_stands_in_for(schema: dict[str, Any]) -> None:
    assert violations(sample(schema), schema) == ()


def test_loops_give_what_loops_give_so_that_later_steps_can_be_rehearsed() -> None:
    found, _, _ = rehearse(
        """
        - name: outer
          type: for_loop
          data_source: [a, b]
          steps:
            - name: inner
              type: for_loop
              data_source: [1, 2]
              steps:
                - name: a
                  type: claude
                  prompt: "{{ loop.parent.item }}{{ item }} of {{ loop.count }}"
        - name: until
          type: while_loop
          condition: not b.data
          max_iterations: 3
          steps:
            - name: b
              type: claude
              prompt:
                - {type: static, content: go}
                - {type: previous_response, step: check}
            - {name: check, type: llm, prompt: "{{ loop.number }}"}
        - name: c
          type: claude
          prompt: "{{ outer.results[0].data.inner.count }} {{ until.broke }} {{ until.last.b }}"
        """
    )
    assert found.unrendered == []
    assert [(a.times, a.request.prompt()) for a in found.askings] == [
        (4, "a1 of 2"),
        (None, "go"),
        (None, "1"),
        (1, "1 false null"),
    ]
