"""Tests that run beside others and change what all of them share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.configured import AFTER_A_FAILURE, stays, what_is_left
from bot.elixir.rules.parts.excluded import left_out
from bot.elixir.rules.parts.setting_users import Use, changes_of, finding_it, reads_of
from bot.elixir.rules.parts.test_life import (
    clean_up_of,
    is_loaded,
    names_global_mode,
    runs_alone,
    sets_up_the_file,
)
from bot.elixir.settings import ALWAYS_SHARED, WRITE_WORDS, WRITES, Setting, written

_MOST_USES = 40
"""Uses among which the surest is looked for."""

_NAMES = {full.rpartition(".")[2] for full in (*ALWAYS_SHARED, *WRITES)}
_SIEVE = (*WRITE_WORDS, b"Logger.configure", b"set_primary_config", b"File.cd",
          b"Application.stop", b"with_mock", b":meck.", b"set_mox_global")  # fmt: skip


def starts(project: Project) -> Iterator[str]:
    """Asynchronous tests that speak of something global."""
    for path in project.texts.holding(b"async: true", among=project.of_role("test")):
        said = any(word in project.texts[path] for word in _SIEVE)
        if said and is_loaded(path, project):
            yield path


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """The first change of each shared thing in every test module that runs beside others."""
    alone = runs_alone(path, project)
    for module in filter(_runs_beside_others, project.modules_in(path)):
        for found in _changes(module, project):
            yield Exempt(found.span, "one-at-a-time") if alone else found


def _runs_beside_others(module: Module) -> bool:
    said = [text(u.options["async"]) for u in module.uses if "async" in u.options]
    return "true" in said and "false" not in said


def _changes(module: Module, project: Project) -> Iterator[Site | Exempt]:
    seen: set[object] = set()
    cleaned_up = clean_up_of(module)
    calls = [c for c in calls_named(module, _NAMES) if not sets_up_the_file(c)]
    own: dict[Setting | None, list[Call]] = {}
    for call in calls:
        own.setdefault(written(call), []).append(call)
    restored = {written(c) for c in calls if cleaned_up(c)}
    for call in (c for c in calls if not cleaned_up(c)):
        setting = written(call)
        what = ALWAYS_SHARED.get(call.full, "") if call.args and not call.in_quote else ""
        key: object = setting or what
        if not key or key in seen:
            continue
        seen.add(key)
        if setting is not None:
            left = what_is_left(call, own[setting])
            verdict = _judge_setting(setting, call, project, setting in restored, left)
            same = isinstance(verdict, Site) and stays(setting, own[setting], project)
            yield Exempt(verdict.span, "same-value") if same else verdict
        else:
            yield _site(Span.of(module, call.node), what, ())
    yield from _global_mocks(module)


def _judge_setting(
    setting: Setting, call: Call, project: Project, restored: bool, note: str
) -> Site | Exempt:
    span, what, own = Span.of(call.owner, call.node), f"`{setting.label}`", call.owner.source.path
    changes = changes_of(setting, project, own)
    beside = next((use for use in changes if _runs_beside_others(use.module)), None)
    found = reads_of(setting, project, own) if beside is None else iter(())
    if found is None:
        return Exempt(span, "private-key")
    reads: list[Use] = []
    fewest = (True, True)
    for use in islice(found, _MOST_USES):
        reads.append(use)
        if use.tests and use.always and _runs_beside_others(use.module):
            doubts = _doubts(use, project)
            if beside is None or doubts < fewest:
                beside, fewest = use, doubts
            if not any(fewest):
                break
    if beside is not None:
        return _site(span, what, beside.evidence)
    if restored:
        return Exempt(span, "put-back")
    left, put_back = Because(span, note), note == AFTER_A_FAILURE
    later = min(finding_it(reads, changes), key=lambda use: not use.always, default=None)
    if later is not None:
        found_later = _site(span, what, (left, *later.evidence))
        return replace(found_later, severity="info" if put_back or not later.always else None)
    if not reads:
        return Exempt(span, "unmet")
    # Where all tests that come to it write it first, only the read itself is to be shown.
    weak = _site(span, what, (left, *reads[0].evidence[:1]))
    return replace(weak, severity="info", confidence="low")


def _doubts(use: Use, project: Project) -> tuple[bool, bool]:
    """Whether it only may read the setting, and whether its tests are left out by default."""
    return not use.sure, left_out(use.module, project)


def _global_mocks(module: Module) -> Iterator[Site]:
    for node in module.loose:
        if nodes.is_call_to(node, "setup", "setup_all") and names_global_mode(node):
            yield _site(Span.of(module, node), "Mox's mode", ())
            return


def _site(span: Span, what: str, because: tuple[Because, ...]) -> Site:
    note = "`async: true`: the module may run at the same time as any other that says so"
    return Site(
        span,
        f"an asynchronous test changes {what}, which all tests of a run share",
        because=(Because(span, note), *because),
    )


_LIMIT = """\
defmodule Shop.Limit do
  def now, do: Application.get_env(:shop, :limit, 10)
end
"""
_TEST = """\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true

  test "a small limit" do
    Application.put_env(:shop, :limit, 1)
    on_exit(fn -> Application.delete_env(:shop, :limit) end)
    assert Shop.full?(2)
  end
end
"""

_TILL = """\
defmodule Shop.Till do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [])
  def sum(till), do: GenServer.call(till, :sum)
  def init(_), do: {:ok, Application.get_env(:shop, :float, 50)}
  def handle_call(:sum, _from, sum), do: {:reply, sum, sum}
end
"""
_OTHER = """\
defmodule Shop.StockTest do
  use ExUnit.Case, async: true

  test "ten at most" do
    assert Shop.Limit.now() == 10
  end
end
"""

RULE = Rule(
    id="async-global-state",
    title="Global state in asynchronous tests",
    category="tests",
    stage=4,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A test module with `async: true` changes something of which the system has only one: an "
        "application or system variable that other code reads, the logger's settings, the working "
        "directory, a module's code."
    ),
    harm=(
        "Modules with `async: true` run at the same time. Another test sees the changed value, or "
        "puts its own in the middle of this one. Such failures come and go, and putting the old "
        "value back in `on_exit` does not prevent them. Where nothing puts it back, tests that run "
        "later find it too."
    ),
    remedy=(
        "Pass the value to the code under test as an argument or option. Where it must stay "
        "global, put the tests that change it into a module without `async: true`."
    ),
    triggers=(b"async: true",),
    roles=("test",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample(
            files={
                "lib/limit.ex": _LIMIT,
                "test/limit_test.exs": _TEST,
                "test/stock_test.exs": _OTHER,
            }
        ),
        Sample(
            """\
defmodule Shop.LogTest do
  use ExUnit.Case, async: true

  setup do
    Logger.configure(level: :debug)
    on_exit(fn -> Logger.configure(level: :warning) end)
  end

  test "logs" do
    assert Shop.audit() == :ok
  end
end
""",
            path="test/log_test.exs",
        ),
        Sample(
            """\
defmodule Shop.FilesTest do
  use Shop.Case, async: true

  test "reads the list" do
    File.cd!("test/lists", fn -> assert Shop.read("a.csv") == [] end)
  end
end
""",
            path="test/files_test.exs",
        ),
    ),
    good=(
        Sample(
            files={
                "lib/limit.ex": _LIMIT,
                "test/limit_test.exs": _TEST.replace(", async: true", ""),
                "test/stock_test.exs": _OTHER,
            }
        ),
        Sample(
            """\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true

  test "a small limit" do
    assert Shop.full?(2, limit: 1)
    assert Application.get_env(:shop, :limit) == 10
  end
end
""",
            path="test/limit_test.exs",
        ),
    ),
    exemptions=(
        Exemption(
            "one-at-a-time",
            "the `test_helper.exs` lets one module run at a time: no other test is there meanwhile",
            Sample(
                files={
                    "test/test_helper.exs": "ExUnit.start(max_cases: 1)\n",
                    "lib/limit.ex": _LIMIT,
                    "test/limit_test.exs": _TEST,
                    "test/other_test.exs": _OTHER,
                }
            ),
        ),
        Exemption(
            "same-value",
            "all tests only ever write the value that the configuration gives it in tests anyway",
            Sample(
                files={
                    "config/config.exs": """\
import Config
config :shop, limit: 10, name: "tea"
""",
                    "lib/limit.ex": _LIMIT,
                    "test/limit_test.exs": """\
defmodule Shop.LimitTest do
  use ExUnit.Case, async: true

  setup do
    Application.put_env(:shop, :limit, 10)
  end

  test "ten" do
    assert Shop.full?(10)
  end
end
""",
                    "test/stock_test.exs": _OTHER,
                }
            ),
        ),
        Exemption(
            "private-key",
            "no code outside this file is seen to read the setting",
            Sample(
                """\
defmodule Shop.ConfigTest do
  use ExUnit.Case, async: true

  test "reads what was set" do
    Application.put_env(:shop, :only_here, 1)
    assert Shop.Config.fetch(:only_here) == 1
  end
end
""",
                path="test/config_test.exs",
            ),
        ),
        Exemption(
            "put-back",
            "it is put back when the test ends, and no other asynchronous test is seen to come to "
            "what reads it, whatever is the case there",
            Sample(
                files={
                    "lib/limit.ex": _LIMIT,
                    "test/limit_test.exs": _TEST,
                    "test/stock_test.exs": _OTHER.replace(", async: true", ""),
                }
            ),
        ),
        Exemption(
            "unmet",
            "what reads it runs only as the application starts, for this test, or in a server that "
            "no other test is seen to start",
            Sample(
                files={
                    "lib/till.ex": _TILL,
                    "test/till_test.exs": """\
defmodule Shop.TillTest do
  use ExUnit.Case, async: true

  test "opens with little" do
    Application.put_env(:shop, :float, 5)
    assert Shop.Till.sum(start_supervised!(Shop.Till)) == 5
  end
end
""",
                }
            ),
        ),
    ),
)
