from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.language.graph import condition_text, label, mermaid
from bot.pipeline.load import Library, resources
from tests.pipeline.support import steps

FLOW = """
- {name: look, type: llm, prompt: x}
- name: again
  type: while_loop
  condition: tries < 3
  max_iterations: 3
  steps:
    - {name: enough, type: break, when: look.text == 'x'}
    - {name: try, type: set_variable, variables: {tries: "{{ tries + 1 }}"}}
- name: kind
  type: switch
  expression: look.text
  cases:
    a: [{name: on_a, type: git, operation: diff}]
    b: []
- name: tell
  type: llm
  when: {not: kind.matched}
  prompt: [{type: previous_response, step: look}]
  else:
    - {name: keep, type: git, operation: diff}
"""


def test_a_pipeline_as_a_flowchart() -> None:
    assert (
        mermaid(steps(FLOW, head="variables: {tries: 0}").workflow)
        == """\
flowchart TD
  start(["test"])
  step_look["look<br/>llm"]
  subgraph step_again["again<br/>while_loop: tries #60; 3"]
    when_enough{"look.text == 'x'"}
    step_enough["enough<br/>break"]
    step_try["try<br/>set_variable"]
  end
  step_kind{"kind<br/>switch: look.text"}
  step_on_a["on_a<br/>git"]
  when_tell{"not (kind.matched)"}
  step_tell["tell<br/>llm"]
  step_keep["keep<br/>git"]
  finish(["end"])
  start --> step_look
  step_look --> step_again
  when_enough -->|"yes"| step_enough
  when_enough -->|"no"| step_try
  step_again --> step_kind
  step_kind -->|"a"| step_on_a
  step_kind -->|"otherwise"| when_tell
  step_on_a --> when_tell
  step_kind -->|"b"| when_tell
  when_tell -->|"yes"| step_tell
  when_tell -->|"no"| step_keep
  step_tell --> finish
  step_keep --> finish
  step_look -.-> step_tell
"""
    )


def test_a_pipeline_in_a_file_is_a_box_of_its_own_and_one_written_in_place_an_open_one() -> None:
    chart = mermaid(
        steps(
            """
            - {name: find, type: pipeline, pipeline_file: atomic/find_anti_pattern.yaml}
            - name: inner
              type: pipeline
              pipeline: {name: own, steps: [{name: find, type: git, operation: diff}]}
            """
        ).workflow
    )
    assert 'step_find[["find<br/>pipeline: atomic/find_anti_pattern.yaml"]]' in chart
    assert 'subgraph step_inner["inner<br/>pipeline"]' in chart
    assert 'step_inner_step_find["find<br/>git"]' in chart


@pytest.mark.parametrize("file", sorted(resources().rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_pipeline_can_be_drawn(file: Path) -> None:
    workflow = Library().load_file(file).workflow
    chart = mermaid(workflow)
    assert chart == mermaid(workflow)
    assert chart.count("subgraph ") == len(re.findall(r"^ *end$", chart, re.MULTILINE))


@given(st.text(max_size=200))
def test_no_text_gets_out_of_its_label(text: str) -> None:
    shown = re.sub(r"#\d+;", "", label(text))
    assert not set(shown) & set('"<>`\\%&#;\n\r\t')
    assert len(label(text)) < 80 * 10


def test_hostile_names_of_cases_stay_labels() -> None:
    body = """
    - name: pick
      type: switch
      expression: inputs.x
      cases:
        '"] --> evil["x': [{name: a, type: git, operation: diff}]
    """
    chart = mermaid(steps(body).workflow)
    assert "evil[" in chart
    assert '-->|"#34;] --#62; evil[#34;x"| step_a' in chart


def test_conditions_in_one_line() -> None:
    assert condition_text(False) == "false"
    assert condition_text(["a", {"or": ["b", {"not": "c"}]}]) == "a and (b or (not (c)))"
