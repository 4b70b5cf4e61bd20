"""A call that no way of its clause answers."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.ways import Way, ways


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every clause of `handle_call/3` with a way to `:noreply` that does nothing with `from`."""
    function = module.functions.get(("handle_call", 3))
    if function is None or not module.clauses_with(b":noreply", b":stop") or not is_server(module):
        return
    for clause in function.clauses:
        if len(clause.params) == function.arity:
            yield from _judge(clause)


def _judge(clause: Clause) -> Iterator[Site | Exempt]:
    module = clause.function.module
    caller = nodes.identifiers(clause.params[1]) - {"_"}
    forgetful = [way for way in ways(clause) if not way.names(*caller)]
    for way in forgetful:
        if way.tag == ":stop" and way.result.named_child_count == 3:
            yield Exempt(Span.of(module, way.result), "stops")
    silent = [way for way in forgetful if _never_answers(way, module)]
    if not silent:
        return
    first, *others = silent
    span = Span.of(module, first.result)
    if is_test_support(module):
        yield Exempt(span, "test-support")
        return
    asked = " ".join(text(clause.params[0]).split())
    unknown = clause.params[0].type == "identifier" and not first.names(asked)
    what = "a request that comes to this clause" if unknown else f"the call `{asked}`"
    yield Site(
        span,
        f"{what} is not answered on this way: its caller waits in vain",
        because=(
            Because(Span.of(module, clause.head), _who_is_forgotten(caller)),
            *_of_helper(first, module),
            *(Because(Span.of(module, w.result), "neither does this way") for w in others),
        ),
        severity="warning" if unknown else None,
        data={"request": asked},
    )


def _who_is_forgotten(caller: set[str]) -> str:
    if not caller:
        return "the caller is not even bound here, so that no reply can reach it"
    names = " and ".join(f"`{name}`" for name in sorted(caller))
    return f"on this way {names} is neither replied to, kept nor passed on"


def _never_answers(way: Way, module: Module) -> bool:
    """Whether the value is `{:noreply, ...}`, or a call of an own function that returns only it."""
    if way.tag:
        return way.tag == ":noreply"
    tags = {w.tag for clause in _helper_clauses(way.result, module) for w in ways(clause)}
    return tags == {":noreply"}


def _helper_clauses(node: Node, module: Module) -> list[Clause]:
    """The clauses of the own function whose call is the value; a pipe's last call counts."""
    call = _last_call(node, module)
    helper = module.local(call.name, call.arity) if call is not None else None
    return helper.clauses if helper is not None else []


def _last_call(node: Node, module: Module) -> Call | None:
    last = node.child_by_field_name("right") if nodes.operator(node) == "|>" else node
    call = resolve(last, module) if last is not None and last.type == "call" else None
    return call if call is not None and call.module == module.name else None


def _of_helper(way: Way, module: Module) -> Iterator[Because]:
    for clause in _helper_clauses(way.result, module)[:1]:
        note = f"`{clause.function.label}` only returns `:noreply`, and is not given the caller"
        yield Because(Span.of(module, clause.head), note)


def _server(clause: str, more: str = "") -> Sample:
    return Sample(
        "defmodule Shop.Desk do\n  use GenServer\n\n  def init(state), do: {:ok, state}\n\n"
        + "".join(f"  {line}\n" if line else "\n" for line in (clause + more).splitlines())
        + "end\n"
    )


RULE = Rule(
    id="unanswered-call",
    title="Call without an answer",
    category="messaging",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "A clause of `handle_call/3` returns `:noreply`, and on that way nobody replies to "
        "`from`, keeps it or passes it on."
    ),
    harm=(
        "`GenServer.call/3` waits for a reply that does not come. The caller exits after its "
        "timeout, five seconds by default, with an error that names the server and not the "
        "mistake; with `:infinity` it waits for as long as the server lives."
    ),
    remedy=(
        "Return `{:reply, value, state}`. To answer later, keep `from` in the state or hand it "
        "to the task that does the work, and call `GenServer.reply/2` on every way. Where no "
        "answer is wanted, use a cast. An unknown request is better left to crash: then the "
        "caller sees at once what was wrong."
    ),
    triggers=(b"handle_call",),
    check=check,
    bad=(
        _server("""\
def handle_call({:reserve, item}, _from, state) do
  {:noreply, Map.put(state, item, :reserved)}
end
"""),
        _server("""\
def handle_call({:take, item}, from, state) do
  case Map.fetch(state, item) do
    {:ok, count} ->
      GenServer.reply(from, count)
      {:noreply, Map.delete(state, item)}

    :error ->
      {:noreply, state}
  end
end
"""),
        _server("""\
def handle_call(:recount, _from, state), do: recount(state)

defp recount(state), do: {:noreply, Map.put(state, :counted, true)}
"""),
    ),
    good=(
        _server("""\
def handle_call({:take, item}, from, state) do
  {:noreply, Map.update(state, :waiting, [], &[{item, from} | &1])}
end
"""),
        _server("""\
def handle_call(:report, from, state) do
  Task.Supervisor.start_child(Shop.Tasks, fn -> GenServer.reply(from, build(state)) end)
  {:noreply, state}
end

defp build(state), do: map_size(state)
"""),
        _server("""\
def handle_call(:report, {pid, _tag} = from, state) do
  if Process.alive?(pid), do: queue(from, state), else: {:reply, :gone, state}
end

defp queue(from, state), do: {:noreply, Map.put(state, :from, from)}
"""),
        Sample("""\
defmodule Shop.Page do
  def handle_call(:x, _from, state), do: {:noreply, state}
end
"""),
    ),
    exemptions=(
        Exemption(
            "stops",
            "the server stops, and its end tells the waiting caller at once: the call exits with "
            "the server's reason",
            _server("""\
def handle_call(:abort, _from, state), do: {:stop, :aborted, state}
"""),
        ),
        Exemption(
            "test-support",
            "a server made for tests that stays silent to provoke the timeout",
            Sample("""\
defmodule Shop.Testing.Silent do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call(_request, _from, state), do: {:noreply, state}
end
"""),
        ),
    ),
)
