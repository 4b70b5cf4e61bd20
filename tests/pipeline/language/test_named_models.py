from __future__ import annotations

from bot.pipeline.language.named_models import named_models
from tests.pipeline.support import steps


def test_every_name_a_file_gives_is_known_before_the_run() -> None:
    body = """
    - {name: a, type: claude, model: m1, prompt: x, claude_options: {fallback_model: m2}}
    - name: b
      type: claude_batch
      claude_options: {model: m3}
      tasks: [{prompt: x}, {prompt: y, claude_options: {model: m4}}]
    - name: c
      type: for_loop
      data_source: [1]
      steps: [{name: d, type: gemini, model: m5, prompt: x}]
    - {name: e, type: claude_smart, preset: production, prompt: x}
    """
    head = "defaults: {claude_model: m6, gemini_model: m7, claude_preset: development}"
    expected = ("m6", "m7", "sonnet", "m1", "m2", "m3", "m4", "m5", "opus")
    assert named_models(steps(body, head=head).workflow) == expected
    assert named_models(steps("- {name: a, type: llm, prompt: x}").workflow) == ()
