"""The whole way on a real project: a spawn that becomes a supervised task, and ways to cheat."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.codebase.mix import Mix
from bot.core.plan import Change
from bot.core.verdict import Baseline, Verdict
from bot.errors import Refused
from bot.verify.baseline import take_baseline
from bot.verify.generated_test import GeneratedTest, check_green, check_red
from bot.verify.verify import Proving, prove, verify_change
from tests.verify.support import (
    COUNTER,
    COUNTER_TEST,
    MIX_EXS,
    SAMPLE,
    action,
    change,
    mix_in,
    reporter,
    write,
)

pytestmark = pytest.mark.elixir

MAILER = "lib/sample/mailer.ex"
NEW_TEST = "test/genesis/mailer_test.exs"

SPAWNING = """\
defmodule Sample.Mailer do
  def deliver(fun) do
    spawn(fun)
    :ok
  end
end
"""

SUPERVISED = """\
defmodule Sample.Mailer do
  def deliver(fun) do
    {:ok, _pid} = Task.Supervisor.start_child(Sample.TaskSupervisor, fun)
    :ok
  end
end
"""

APPLICATION = """\
defmodule Sample.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [{Task.Supervisor, name: Sample.TaskSupervisor}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
"""

PROVING = """\
defmodule Sample.Genesis.MailerTest do
  use ExUnit.Case

  test "the job runs under a supervisor" do
    owner = self()
    Sample.Mailer.deliver(fn -> send(owner, {:ancestors, Process.get(:"$ancestors")}) end)
    assert_receive {:ancestors, ancestors}
    assert is_list(ancestors), "the job has no supervisor"
  end
end
"""

TEST = GeneratedTest(NEW_TEST, PROVING, (r"the job has no supervisor",))
PROOF = Proving(TEST, "behavioural", green_runs=2)


@dataclass(frozen=True)
class Base:
    """A built project and its baseline, to be copied."""

    root: Path
    build: Path
    baseline: Baseline


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    home = tmp_path_factory.mktemp("base")
    started = MIX_EXS.replace("[extra", "[mod: {Sample.Application, []}, extra")
    files = {MAILER: SPAWNING, "lib/sample/application.ex": APPLICATION, "mix.exs": started}
    mix = mix_in(write(home / "project", {**SAMPLE, **files}), home / "build")
    taken = take_baseline(
        mix,
        (MAILER, "test/counter_test.exs"),
        "tree",
        reporter=reporter(),
        cache_dir=home / "cache",
        runs=1,
    )
    assert taken.buildable, taken.reason
    return Base(mix.root, mix.build_path, taken)


@pytest.fixture
def mix(base: Base, tmp_path: Path) -> Mix:
    shutil.copytree(base.root, tmp_path / "project")
    shutil.copytree(base.build, tmp_path / "build", symlinks=True)
    return mix_in(tmp_path / "project", tmp_path / "build")


Verify = Callable[..., Verdict]


@pytest.fixture
def verify(base: Base, mix: Mix) -> Verify:
    def verdict(*changes: Change, proving: Proving | None = None, **options: object) -> Verdict:
        for one in changes:
            target = mix.root / one.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(one.after, encoding="utf-8")
        return verify_change(
            mix,
            reporter(),
            base.baseline,
            action(MAILER),
            changes,
            proving=proving,
            **options,  # type: ignore[arg-type]  # checked by the callee
        )

    return verdict


FIX = change(MAILER, SPAWNING, SUPERVISED)
ADDED = change(NEW_TEST, "", PROVING)


def test_a_fix_with_a_test_red_before_and_green_after_passes(verify: Verify, mix: Mix) -> None:
    heard: list[str] = []
    verdict = verify(FIX, ADDED, proving=PROOF, progress=heard.append)
    assert verdict.reasons == ()
    assert (verdict.status, verdict.proof) == ("passed", "behavioural")
    summaries = {c.name: c.summary for c in verdict.checks}
    assert summaries["generated-test-red"] == "red on the base as intended (1 failing)"
    assert summaries["generated-test-green"] == "green in 2 of 2 runs"
    assert summaries["test"] == "3 tests, 0 failures"
    assert (mix.root / MAILER).read_text() == SUPERVISED, "the change stands again"
    assert heard == [
        "compile",
        "format",
        "credo",
        "generated-test-red",
        "generated-test-green",
        "test",
    ]


def test_trap_a_cosmetic_fix_is_found_out_by_the_test(verify: Verify) -> None:
    cosmetic = SPAWNING.replace("spawn(fun)", "{:ok, _} = Task.start(fun)")
    spawned = TEST.code.replace("is_list(ancestors)", "is_list(ancestors) and :sup in ancestors")
    strict = Proving(GeneratedTest(NEW_TEST, spawned, TEST.expected_red), "behavioural", 1)
    verdict = verify(
        change(MAILER, SPAWNING, cosmetic), change(NEW_TEST, "", spawned), proving=strict
    )
    assert (verdict.status, verdict.proof) == ("failed", "none")
    assert any(r.startswith("generated-test-green: run 1 of 1") for r in verdict.reasons)
    assert verdict.fingerprint


def test_redetection_alone_proves_structure_and_no_more(verify: Verify) -> None:
    gone = verify(FIX, redetect=lambda _action, _changes: ())
    assert (gone.status, gone.proof) == ("passed", "structural")


def test_a_finding_that_is_still_there_fails(verify: Verify) -> None:
    verdict = verify(FIX, redetect=lambda _action, _changes: ("a spawn",))
    assert verdict.status == "failed"
    assert verdict.reasons == ("gate-finding-gone: still found: a spawn",)


def test_a_new_warning_fails_and_an_unformatted_file_too(verify: Verify) -> None:
    careless = SUPERVISED.replace("    :ok\n", "      unused = 1\n    :ok\n")
    verdict = verify(change(MAILER, SPAWNING, careless))
    assert verdict.status == "failed"
    assert len(verdict.reasons) == 2
    assert "new compile warning at lib/sample/mailer.ex:4" in verdict.reasons[0]
    assert verdict.reasons[1] == f"{MAILER} is not formatted any more"


def test_what_does_not_compile_stops_at_once(verify: Verify) -> None:
    verdict = verify(change(MAILER, SPAWNING, SUPERVISED.replace("fun)\n", "nowhere)\n")))
    assert verdict.status == "failed"
    assert [c.name for c in verdict.checks if not c.name.startswith("gate-")] == ["compile"]


def test_a_broken_test_is_run_again_and_then_blamed(verify: Verify, mix: Mix) -> None:
    write(mix.root, {"lib/sample/counter.ex": COUNTER.replace("+ 1", "+ 2")})
    mix.freshen(("lib/sample/counter.ex",))
    verdict = verify(FIX)
    assert verdict.status == "failed"
    assert "test-rerun" in [c.name for c in verdict.checks]
    assert "'test adds one'" in " ".join(verdict.reasons)


def test_the_same_failure_has_the_same_fingerprint(verify: Verify) -> None:
    broken = SUPERVISED.replace("fun)\n", "nowhere)\n")
    first = verify(change(MAILER, SPAWNING, broken))
    second = verify(change(MAILER, SPAWNING, "\n\n" + broken))
    assert first.fingerprint == second.fingerprint != ""


def test_a_test_that_is_green_on_the_base_proves_nothing(mix: Mix) -> None:
    green = GeneratedTest(NEW_TEST, PROVING.replace("assert is_list", "refute is_list"), (".",))
    write(mix.root, {NEW_TEST: green.code})
    result = check_red(mix, reporter(), green)
    assert result.status == "failed"
    assert result.summary == "is green on the base already: it does not show the problem"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("GenServer.call(Sample.NotYet, :x)", "a process the fix adds does not exist yet"),
        ("Sample.NotYet.f()", "UndefinedFunctionError, which says nothing about behaviour"),
        ('raise "something else"', "the failure matches none of the expected reasons"),
    ],
)
def test_trap_red_for_another_reason_is_not_red(mix: Mix, body: str, reason: str) -> None:
    code = PROVING.replace("    owner = self()\n", f"    owner = self()\n    {body}\n")
    write(mix.root, {NEW_TEST: code})
    result = check_red(mix, reporter(), GeneratedTest(NEW_TEST, code, TEST.expected_red))
    assert result.status == "failed"
    assert reason in result.summary


def test_a_test_that_does_not_compile_is_not_red(mix: Mix) -> None:
    write(mix.root, {NEW_TEST: "defmodule Broken do"})
    result = check_red(mix, reporter(), TEST)
    assert result.status == "failed"
    assert result.summary.startswith("proves nothing on the base")


def test_green_must_be_green_in_every_run(mix: Mix) -> None:
    sometimes = PROVING.replace("is_list(ancestors)", "rem(ExUnit.configuration()[:seed], 2) == 0")
    write(mix.root, {NEW_TEST: sometimes, MAILER: SUPERVISED})
    mix.freshen((MAILER,))
    result = check_green(mix, reporter(), TEST, runs=2)
    assert result.status == "failed"
    assert result.summary == "run 2 of 2: 1 of 1 test failed"


def test_code_that_rewrites_the_verified_files_is_caught(verify: Verify, mix: Mix) -> None:
    sly = f'File.write!("{MAILER}", "# other\\n")\nExUnit.start()\n'
    write(mix.root, {"test/test_helper.exs": sly})
    verdict = verify(FIX)
    assert verdict.reasons == (f"gate-tree: rewritten while checks ran: {MAILER}",)


def test_cannot_build_judges_the_gates_and_passes_nothing(mix: Mix) -> None:
    closed = Baseline(tree="t", buildable=False, reason="Hex is not installed")
    verdict = verify_change(mix, reporter(), closed, action(MAILER), (FIX,))
    assert verdict.status == "cannot-build"
    assert verdict.proof == "none"


def test_the_base_is_not_put_back_through_a_link_of_the_project(tmp_path: Path) -> None:
    root = write(tmp_path / "project", {**SAMPLE, MAILER: SUPERVISED})
    mix = mix_in(root, tmp_path / "build")
    outside = tmp_path / "outside"
    outside.mkdir()
    away = f"""\
    File.rename!("lib/sample", "lib/away")
    File.ln_s!("{outside}", "lib/sample")
    ExUnit.start()
    """
    write(mix.root, {"test/test_helper.exs": away, NEW_TEST: COUNTER_TEST})
    made = (change(MAILER, SPAWNING, SUPERVISED), change(NEW_TEST, "", COUNTER_TEST))
    proving = Proving(GeneratedTest(NEW_TEST, COUNTER_TEST, ("x",)), "behavioural")
    with pytest.raises(Refused, match="leads through a symlink"):
        list(prove(mix, reporter(), made, proving, lambda _check: None))
    assert list(outside.iterdir()) == []
