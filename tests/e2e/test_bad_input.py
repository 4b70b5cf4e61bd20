"""What may go wrong with a file, a template or a model: a clear error, and nothing half written.

Models are local servers that speak the vendors' wire formats, over real HTTP.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import Answer, CallTool, Cut, Drip, Fail, FailLate, Say, Stall

KEY = "sk-ant-" + "k" * 40
ASK = """\
workflow:
  name: ask
  steps:
    - name: ask
      type: llm
      prompt: "How many?"
      output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
      output_to_file: answer.json
    - name: keep
      type: file_ops
      operation: write
      path: kept.txt
      content: "{{ ask.n }}"
"""
VENDORS: dict[str, tuple[Any, str, str]] = {
    "anthropic": (AnthropicServer, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "gemini": (GeminiServer, "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work on, and a home for what is kept."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESIS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def play(vendor: str, script: list[Answer], text: str = ASK, **env: str) -> tuple[Ran, Any]:
    """Run a pipeline on `work` against a vendor that follows the script."""
    make, key, base = VENDORS[vendor]
    Path("ask.yaml").write_text(text)
    with make(script) as server:
        ran = inside(
            "pipeline", "run", "ask.yaml", "--workspace", "work", "--output-dir", "out",
            env={key: KEY, base: server.url, "GENESIS_MODEL_RETRIES": "0", **env},
        )  # fmt: skip
    return ran, server


def nothing_written(place: Path) -> bool:
    """Neither the step's file nor anything in the workspace, nor a file half made."""
    halves = [p for p in place.rglob("*") if p.suffix == ".tmp" or p.name.startswith(".genesis-")]
    return not (place / "out").exists() and not list((place / "work").iterdir()) and not halves


HALF = Say('{"n": ')
PROSE = Say("There are three of them, I think.")
WRONG = Say('{"n": "three"}')
REFUSED = {"anthropic": Say("", stop="refusal"), "gemini": Say("", stop="SAFETY")}
LONG = {"anthropic": Say('{"n"', stop="max_tokens"), "gemini": Say('{"n"', stop="MAX_TOKENS")}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("said", [HALF, PROSE, WRONG], ids=["half", "prose", "wrong"])
def test_an_answer_of_the_wrong_form_is_repaired_a_bounded_number_of_times(
    place: Path, vendor: str, said: Say
) -> None:
    ran, server = play(vendor, [said] * 5)
    assert ran.code == Exit.MODEL
    assert "did not answer in the required form" in ran.err
    assert len(server.requests) == 3
    assert nothing_written(place)
    mended, server = play(vendor, [said, Say('{"n": 3}')])
    assert (mended.code, (place / "work/kept.txt").read_text()) == (Exit.OK, "3")
    assert len(server.requests) == 2


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "answer",
    [
        Fail(429), Fail(500), Fail(503), Fail(529), FailLate("overloaded_error"), Cut(),
        Cut(cleanly=True), Stall(), Stall(events=2), Drip(),
    ],
    ids=str,
)  # fmt: skip
def test_a_vendor_that_does_not_answer_is_named_and_the_run_can_go_on(
    place: Path, vendor: str, answer: Answer
) -> None:
    ran, _ = play(vendor, [answer], GENESIS_MODEL_TIMEOUT="1")
    assert ran.code == Exit.MODEL, ran.err
    assert f"error: ask/ask: {vendor}: " in ran.err
    assert "Traceback" not in ran.err
    assert nothing_written(place)
    again, _ = play(vendor, [Say('{"n": 3}')])
    assert again.code == Exit.OK
    assert inside("pipeline", "show", "--json").data["lives"] == 2


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("answers", "said"), [(REFUSED, "refused"), (LONG, "cut at the token limit")]
)
def test_a_refused_or_cut_answer_is_no_answer(
    place: Path, vendor: str, answers: dict[str, Say], said: str
) -> None:
    ran, server = play(vendor, [answers[vendor]])
    assert ran.code == Exit.MODEL
    assert said in ran.err
    assert len(server.requests) == 1
    assert nothing_written(place)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_what_the_vendor_does_not_take_is_said_without_the_key(
    place: Path, vendor: str, status: int
) -> None:
    ran, _ = play(vendor, [Fail(status, message=f"no: {KEY}")])
    assert ran.code in (Exit.MODEL, Exit.UNUSABLE)
    assert KEY not in ran.err + ran.out
    assert "next:" in ran.err
    assert nothing_written(place)


AGENT = """\
workflow:
  name: agent
  steps:
    - name: fix
      type: agent
      prompt: "Fix it."
      limits: {steps: 6}
"""


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_unknown_tool_and_a_path_outside_are_told_to_the_model(place: Path, vendor: str) -> None:
    (place / "secret.txt").write_text("hush")
    ran, server = play(
        vendor,
        [
            CallTool("shell", {"command": "cat ../secret.txt"}),
            CallTool("read", {"path": "../secret.txt"}),
            CallTool("write", {"path": "../evil.txt", "content": "x"}),
            CallTool("write", {"path": ".git/hooks/pre-commit", "content": "x"}),
            CallTool("done", {"summary": "nothing to do"}),
        ],
        AGENT,
    )
    assert ran.code == Exit.OK, ran.err
    sent = str(server.requests[-1].body)
    assert "hush" not in sent
    assert "shell" in sent
    assert not (place / "evil.txt").exists()
    assert list((place / "work").iterdir()) == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_agent_going_in_circles_is_stopped_with_a_report(place: Path, vendor: str) -> None:
    ran, server = play(vendor, [CallTool("list", {})] * 20, AGENT)
    assert ran.code == Exit.MODEL
    assert len(server.requests) <= 6
    assert "agent/fix" in ran.err


LOOPS = {
    "while": """
    - name: again
      type: while_loop
      condition: "true"
      max_iterations: 50
      steps: [{name: n, type: set_variable, variables: {n: 1}}]
""",
    "unbounded": """
    - name: again
      type: while_loop
      condition: "true"
      steps: [{name: n, type: set_variable, variables: {n: 1}}]
""",
    "itself": """
    - {name: again, type: pipeline, pipeline_file: bad.yaml}
""",
}
TEMPLATES = {
    "multiplies": "{{ 'a' * 10**9 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "loops": "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "formats": "{{ '%999999999d' % 1 }}",
    "dunder": "{{ ''.__class__.__mro__ }}",
    "import": "{% import 'os' as os %}",
    "pattern": "{{ ('a' * 50) matches '(a+)+$b' }}",
    "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_that_recurses_or_allocates_ends_at_once(place: Path, template: str) -> None:
    step = f"    - {{name: s, type: set_variable, variables: {{x: {template!r}}}}}\n"
    (place / "bad.yaml").write_text(f"workflow:\n  name: bad\n  steps:\n{step}")
    ran = inside("pipeline", "run", "bad.yaml")
    assert ran.code == Exit.CONFIG, ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_an_endless_loop_ends(place: Path, body: str) -> None:
    (place / "bad.yaml").write_text(f"workflow:\n  name: bad\n  steps:{body}")
    ran = inside("pipeline", "run", "bad.yaml")
    assert ran.code in (Exit.CONFIG, Exit.UNUSABLE)
    assert "error:" in ran.err


def _laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


FILES = {
    "empty": "",
    "no map": "just text",
    "half": "workflow: {name: x, steps: [",
    "tabs": "workflow:\n\tname: x\n",
    "laughs": _laughs(),
    "itself": "workflow: &w {name: x, steps: *w}",
    "deep": "workflow: " + "[" * 5000 + "]" * 5000,
    "twice": "workflow: {name: x, name: y, steps: []}",
    "object": "workflow: !!python/object/apply:os.system ['touch pwned']",
    "binary": "workflow: \x00\x01",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_file_that_is_no_pipeline_is_one_clear_error(place: Path, text: str) -> None:
    (place / "bad.yaml").write_text(text)
    for command in ("validate", "run", "graph"):
        ran = inside("pipeline", command, "bad.yaml")
        assert ran.code == Exit.CONFIG
        assert "bad.yaml" in ran.out + ran.err
        assert "Traceback" not in ran.err
    assert not (place / "pwned").exists()


def test_fifty_megabytes_are_not_read(place: Path) -> None:
    with (place / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    ran = inside("pipeline", "validate", "huge.yaml")
    assert ran.code == Exit.CONFIG
    assert "larger than" in ran.out
