"""Mix asked at run time: a release holds no Mix."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import is_command_line, is_platform
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.mix_at_hand import where_mix_is
from bot.elixir.rules.parts.releases import before_releases, released_at, ships_mix
from bot.elixir.rules.parts.served import served
from bot.elixir.rules.parts.standing import above

_ASKED = frozenset({"Mix.env", "Mix.target"})
_TRIGGERS = (b"Mix.env", b"Mix.target", b"Mix.Project")
_EQUAL = ("==", "===", "!=", "!==")
_TOGETHER = ("tuple", "list", "map")


def starts(project: Project) -> list[str]:
    """Files that ask Mix."""
    return project.lib_holding(*_TRIGGERS)


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every `Mix.env/0`, `Mix.target/0` and `Mix.Project` function that a function calls."""
    for module in project.modules_in(path):
        yield from _of_module(module, project)


def _of_module(module: Module, project: Project) -> Iterator[Site | Exempt]:
    if module.name.startswith("Mix.") or is_platform(module):
        return
    for clause in module.clauses_with(*_TRIGGERS):
        if not is_command_line(clause):
            yield from _of_clause(clause, project)


def _of_clause(clause: Clause, project: Project) -> Iterator[Site | Exempt]:
    module, told = clause.function.module, dict[int, list[Call]]()
    for call in clause.calls:
        if not _asks(call) or call.in_quote:
            continue
        if exemption := where_mix_is(call, clause, project):
            yield Exempt(Span.of(module, call.node), exemption)
        elif _only_looks_for_tests(call) and ships_mix(project) is not None:
            yield Exempt(Span.of(module, call.node), "only-test")
        else:
            told.setdefault(_place(call), []).append(call)
    shown = _runs_released(clause, project) if told else None
    for calls in told.values():
        if shown is not None:
            yield _site(calls, clause, shown, project)
        else:
            yield from (Exempt(Span.of(module, call.node), "unseen") for call in calls)


def _only_looks_for_tests(call: Call) -> bool:
    """Whether `:test` is all that it is compared with: `:dev` and `:prod` answer alike."""
    around = call.node.parent
    if call.full != "Mix.env" or around is None or nodes.operator(around) not in _EQUAL:
        return False
    return ":test" in (nodes.text_of(around, "left"), nodes.text_of(around, "right"))


def _runs_released(clause: Clause, project: Project) -> Because | None:
    """What shows that it runs in a release: a way to it, or that the project makes one."""
    way = served(clause.function, project)
    if way is not None:
        begin = Span.of(way.function.module, way.head_for(clause))
        return Because(begin, f"`{way.function.label}` comes to it: the application runs this")
    made = released_at(clause.function.module, project)
    return Because(made, "releases are made of this application") if made is not None else None


def _asks(call: Call) -> bool:
    """With an argument, `Mix.env/1` and `Mix.target/1` set what the others ask for."""
    return (call.full in _ASKED and call.arity == 0) or call.module == "Mix.Project"


def _place(call: Call) -> int:
    """What calls that stand side by side in a tuple, a list or a map have in common."""
    for around in above(call):
        if around.type in _TOGETHER:
            return around.id
        if around.type in ("stab_clause", "do_block"):
            break
    return call.node.id


def _site(calls: list[Call], clause: Clause, shown: Because, project: Project) -> Site:
    """One finding for calls that stand side by side."""
    module = clause.function.module
    spans, names = [Span.of(module, c.node) for c in calls], list(dict.fromkeys(_told(calls)))
    span, shipped = spans[0], ships_mix(project)
    unreleased = shipped is None and before_releases(module, project)
    if shipped is not None:
        note = "a release that holds Mix" + _ANSWERS[calls[0].full.removeprefix("Mix.")[:3]]
        because = [Because(span, note), Because(shipped, "this lists `:mix` among applications")]
    else:
        because = [Because(span, _RAISES)]
    if unreleased:
        because.append(Because(span, _UNRELEASED))
    because.append(shown)
    remark = shipped is not None or unreleased
    unsure = remark or not any(c.full in _ASKED for c in calls)
    return Site(
        span,
        f"`{clause.function.label}` asks {' and '.join(names)} at run time",
        because=(*because, *(Because(other, "this asks Mix too") for other in spans[1:])),
        severity="info" if remark else None,
        confidence="medium" if unsure else None,
        data={"call": calls[0].full},
    )


_RAISES = "a release holds no Mix where it does not list it: run there, this raises"
_ANSWERS = {
    "env": " answers with what `MIX_ENV` says where it runs, and `:dev` where that is not set",
    "tar": " answers with what `MIX_TARGET` says where it runs, and `:host` where that is not set",
    "Pro": " has no project at hand: this answers for none",
}
_UNRELEASED = (
    "but the Elixir that mix.exs asks for makes no releases, and a tool for them is not listed"
)


def _told(calls: list[Call]) -> Iterator[str]:
    return (f"`{call.full}`" for call in calls)


RULE = Rule(
    id="mix-env-at-run-time",
    title="Mix asked at run time",
    category="configuration",
    stage=1,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A function that runs in the application (a callback, or what one comes to) calls "
        "`Mix.env/0`, `Mix.target/0` or a function of `Mix.Project`."
    ),
    harm=(
        "Mix is a build tool, and a release holds none unless it lists it: there the call raises "
        "`UndefinedFunctionError`, and only in production, as tests and development run under Mix."
    ),
    remedy=(
        "Put what differs into the configuration and read that. Where the environment of the build "
        "is really meant, keep it in an attribute: `@env Mix.env()` runs while Mix is there."
    ),
    triggers=_TRIGGERS,
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Mailer do
  use Oban.Worker
  def perform(job) do
    if Mix.env() == :prod, do: Shop.Smtp.send(job.args), else: :ok
  end
end
"""),
        Sample("""\
defmodule Shop.About do
  def version, do: Mix.Project.config()[:version]
end

defmodule Shop.Page do
  use Phoenix.Controller
  def show(conn, _params), do: text(conn, Shop.About.version())
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Mailer do
  @env Mix.env()
  def env, do: @env
end
"""),
        Sample("""\
defmodule Shop.Page do
  if Mix.env() == :dev do
    def debug, do: :shown
  end
end
"""),
        Sample("""\
defmodule Mix.Tasks.Shop.Env do
  use Mix.Task
  def run(_), do: IO.puts(Mix.env())
end
"""),
    ),
    exemptions=(
        Exemption(
            "compile-time",
            "it runs while the module compiles: inside `unquote`, or every way to it begins in a "
            "macro",
            Sample("""\
defmodule Shop.Layout do
  def dev?, do: unquote(Mix.env() == :dev)
end
"""),
        ),
        Exemption(
            "example",
            "an example with a mix project of its own, beside the one it shows: it runs by Mix",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
end
""",
                    "examples/till/mix.exs": """\
defmodule Till.MixProject do
  use Mix.Project
  def project, do: [app: :till]
end
""",
                    "examples/till/lib/till.ex": """\
defmodule Till do
  def open, do: if(Mix.env() == :dev, do: :open)
end
""",
                }
            ),
        ),
        Exemption(
            "looks-first",
            "the module looks first whether Mix is there",
            Sample("""\
defmodule Shop.Reload do
  def path do
    if Code.ensure_loaded?(Mix.Project), do: Mix.Project.build_path(), else: nil
  end
end
"""),
        ),
        Exemption(
            "tool",
            "a part of Mix tasks: the module uses Mix's shell, its generators or other tasks, or "
            "only Mix tasks come to the function, or a compiler of Mix and nothing that serves",
            Sample("""\
defmodule Shop.Generator do
  def files, do: Path.wildcard(Path.join(Mix.Project.app_path(), "*.eex"))
  def say(line), do: Mix.shell().info(line)
end
"""),
        ),
        Exemption(
            "plug-in",
            "the application adds itself to Mix, so it runs only where Mix is",
            Sample(
                files={
                    "lib/shop.ex": """\
defmodule Shop do
  def start, do: Mix.SCM.append(Shop.Fetcher)
  def folder, do: Mix.Project.deps_path()
end
"""
                }
            ),
        ),
        Exemption(
            "build-only",
            "a part of ExDoc, or a module that is there only with a dependency which a release "
            "does not have",
            Sample("""\
defmodule Shop.Docs do
  @behaviour ExDoc.Markdown
  def to_ast(text, _), do: {text, Mix.Project.config()[:docs]}
end
"""),
        ),
        Exemption(
            "starts-mix",
            "code of the project starts Mix itself, so it never runs where Mix is not",
            Sample("""\
defmodule Shop.Console do
  def run do
    Mix.start()
    IO.puts("started for #{Mix.env()}")
  end
end
"""),
        ),
        Exemption(
            "only-test",
            "releases hold Mix, and the answer is only compared with `:test`: whichever other one "
            "a release gives, the same is done",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "1.0.0"]
  def application, do: [mod: {Shop, []}, extra_applications: [:logger, :mix]]
end
""",
                    "lib/shop/mailer.ex": """\
defmodule Shop.Mailer do
  use Oban.Worker
  def perform(job), do: if(Mix.env() == :test, do: :ok, else: Shop.Smtp.send(job.args))
end
""",
                }
            ),
        ),
        Exemption(
            "unseen",
            "nothing that an application runs is seen to come to it: no callback of what is "
            "supervised or of a framework, no start of the application, no command of a release; "
            "and mix.exs speaks of no releases of an application",
            Sample("""\
defmodule Shop.Paths do
  def of_build, do: Mix.Project.build_path()
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests runs under Mix",
            Sample("""\
defmodule Shop.DataCase do
  def slow?, do: Mix.env() == :test
end
"""),
        ),
    ),
)
