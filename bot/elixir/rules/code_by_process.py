"""A server that keeps nothing and only computes."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.purity import only_computes
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_REQUESTS = (("handle_call", 3), ("handle_cast", 2))
_NEEDS_A_PROCESS = (
    ("handle_info", 2),
    ("handle_continue", 2),
    ("terminate", 2),
    ("code_change", 3),
    ("format_status", 1),
)
_OFFICIAL = (
    "[Code organization by process]"
    "(https://hexdocs.pm/elixir/process-anti-patterns.html#code-organization-by-process)"
)


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every GenServer whose requests neither read nor change its state, nor anything outside."""
    for facts in project.facts:
        if facts.role == "lib" and facts.implements("GenServer") and facts.has("handle_call", 3):
            for module in project.modules_in(facts.path):
                if module.name == facts.name and not is_test_support(module):
                    yield from _judge(module, project)


def _judge(module: Module, project: Project) -> Iterator[Site | Exempt]:
    requests = [c for key in _REQUESTS if key in module.functions
                for c in module.functions[key].clauses]  # fmt: skip
    if not requests or not all(_keeps_nothing(clause) for clause in requests):
        return
    span = Span.of(module, requests[0].head)
    if any(key in module.functions for key in _NEEDS_A_PROCESS):
        yield Exempt(span, "takes-messages")
        return
    started = [f for f in module.named("init") if f.arity == 1]
    clauses = [*requests, *(c for f in started for c in f.clauses)]
    if not only_computes(clauses, project):
        yield Exempt(span, "outside-resource")
        return
    yield Site(
        span,
        f"`{module.name}` is a process, but keeps nothing and only computes",
        because=tuple(
            Because(
                Span.of(module, clause.head), "this neither reads nor changes the server's state"
            )
            for clause in requests[:3]
        ),
    )


def _keeps_nothing(clause: Clause) -> bool:
    """Whether the state goes out as it came in, and is used for nothing else."""
    if not clause.params or clause.body is None:
        return False
    state = clause.params[-1]
    returned = [_state_returned(result) for result in results(clause)]
    if not returned or any(r is None or text(r) != text(state) for r in returned):
        return False
    if state.type != "identifier":
        return _is_empty(state)
    places = {r.id for r in returned if r is not None}
    scopes = [clause.body, *([clause.guard] if clause.guard is not None else [])]
    uses = [n for scope in scopes for n in nodes.of_type(scope, "identifier")]
    return all(use.id in places for use in uses if text(use) == text(state))


def _state_returned(result: Node) -> Node | None:
    """The state in `{:reply, value, state}` or `{:noreply, state}`."""
    parts = result.named_children if result.type == "tuple" else []
    words = {":reply": 3, ":noreply": 2}
    return parts[-1] if parts and words.get(text(parts[0])) == len(parts) else None


def _is_empty(node: Node) -> bool:
    return node.type in ("nil", "atom") or text(node).replace(" ", "") in ("[]", "%{}", "{}")


_TAX = """\
defmodule Shop.Tax do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def of(price), do: GenServer.call(__MODULE__, {:tax, price})
  def init(state), do: {:ok, state}

  def handle_call({:tax, price}, _from, state) do
    {:reply, rate(price) * price, state}
  end

  defp rate(price) when price > 100, do: 0.2
  defp rate(_), do: 0.1
end
"""

RULE = Rule(
    id="code-by-process",
    title="A process for code that needs none",
    category="god-process",
    stage=3,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "None of a GenServer's callbacks reads or changes its state, and all that they call only "
        f"computes. See {_OFFICIAL}."
    ),
    harm=(
        "All callers wait in one mailbox for work that each could do itself, at the same time. "
        "Values are copied there and back, and a slow one can make the others time out."
    ),
    remedy=(
        "Make the work plain functions of a module, keep the client functions' names, and take "
        "the server out of its supervisor."
    ),
    triggers=(b"handle_call",),
    check_project=check,
    bad=(
        Sample(_TAX),
        Sample(
            files={
                "lib/words.ex": """\
defmodule Shop.Words do
  use GenServer
  alias Shop.Text
  def init(_), do: {:ok, []}
  def handle_call({:slug, title}, _from, []), do: {:reply, Text.slug(title), []}

  def handle_call({:count, title}, _, []) do
    case String.split(title) do
      [] -> {:reply, 0, []}
      words -> {:reply, length(words), []}
    end
  end
end
""",
                "lib/text.ex": """\
defmodule Shop.Text do
  def slug(title), do: title |> String.downcase() |> String.replace(" ", "-")
end
""",
            }
        ),
    ),
    good=(
        Sample(_TAX.replace("rate(price) * price", "state.rate * price")),
        Sample(
            _TAX.replace(
                "{:reply, rate(price) * price, state}", "{:reply, rate(price), [price | state]}"
            )
        ),
        Sample("""\
defmodule Shop.Tax do
  def of(price), do: rate(price) * price
  defp rate(price) when price > 100, do: 0.2
  defp rate(_), do: 0.1
end
"""),
    ),
    exemptions=(
        Exemption(
            "outside-resource",
            "it asks or changes something outside, one request at a time, or may do so",
            Sample(
                _TAX.replace("defp rate(_), do: 0.1", 'defp rate(_), do: File.read!("rate.txt")')
            ),
        ),
        Exemption(
            "takes-messages",
            "it also takes messages or ends in a way of its own, for which it must be a process",
            Sample(
                _TAX.replace(
                    "  defp rate(_)", "  def handle_info(_, s), do: {:noreply, s}\n  defp rate(_)"
                )
            ),
        ),
    ),
)
