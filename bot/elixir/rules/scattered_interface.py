"""A server that several modules ask directly, each knowing its messages."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.facts import ModuleFacts
from bot.elixir.named_requests import SERVER_WORDS, NamedRequest, named_requests
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_SHOWN = 5
_OFFICIAL = (
    "[Scattered process interfaces]"
    "(https://hexdocs.pm/elixir/process-anti-patterns.html#scattered-process-interfaces)"
)


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every server whose messages at least two other modules send by call or cast."""
    owners = project.calls.owners
    asked: dict[str, list[NamedRequest]] = {}
    for request in named_requests(project, SERVER_WORDS):
        owner = owners.get(request.process)
        if owner is None or request.call.module == "Agent" or owner.name == request.module.name:
            continue
        if _one_component(owner.name, request.module.name):
            yield Exempt(Span.of(request.module, request.call.node), "same-component")
        else:
            asked.setdefault(owner.name, []).append(request)
    for name, requests in asked.items():
        yield _judge(project.modules[name], requests)


def _one_component(owner: str, other: str) -> bool:
    return other.startswith(f"{owner}.") or owner.startswith(f"{other}.")


def _judge(owner: ModuleFacts, requests: list[NamedRequest]) -> Site | Exempt:
    first = requests[0]
    span = Span.of(first.module, first.call.node)
    modules = list(dict.fromkeys(r.module.name for r in requests))
    if len(modules) < 2:
        return Exempt(span, "one-client")
    by_module = {r.module.name: r for r in reversed(requests)}
    return Site(
        span,
        f"{len(modules)} modules know the messages of `{owner.name}` and send them themselves",
        because=tuple(
            Because(
                Span.of(by_module[name].module, by_module[name].call.node),
                f"`{name}` asks `{owner.name}` by `{by_module[name].call.full}`",
            )
            for name in modules[:_SHOWN]
        ),
        data={"target": owner.name, "modules": str(len(modules))},
    )


def _server(more: str = "") -> str:
    return f"""\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
{more}  def init(_), do: {{:ok, %{{}}}}
  def handle_call({{:take, item}}, _from, state), do: {{:reply, :ok, Map.delete(state, item)}}
end
"""


_CART = """\
defmodule Shop.Cart do
  def add(item), do: GenServer.call(Shop.Stock, {:take, item})
end
"""
_DESK = """\
defmodule Shop.Desk do
  alias Shop.Stock
  @stock Stock
  def sell(item), do: GenServer.call(@stock, {:take, item}, 1_000)
end
"""

RULE = Rule(
    id="scattered-interface",
    title="A server's messages known all over",
    category="messaging",
    stage=4,
    severity="info",
    confidence="high",
    fix="advice",
    explanation=(
        "At least two modules call or cast to a server that another module owns, with "
        "`GenServer.call/3` or `GenServer.cast/2` on its registered name. "
        f"See {_OFFICIAL}."
    ),
    harm=(
        "The format of the messages, the timeout and the name are known in several modules. When "
        "the server changes, nothing tells which callers must change too."
    ),
    remedy=(
        "Give the owner one public function for each message and let the others call it. The "
        "server and its messages stay as they are."
    ),
    triggers=(b"GenServer", b"GenStage", b"gen_server", b"gen_statem", b"GenStateMachine"),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample(files={"lib/stock.ex": _server(), "lib/cart.ex": _CART, "lib/desk.ex": _DESK}),
        Sample(
            files={
                "lib/stock.ex": _server(
                    "  def take(x), do: GenServer.call(__MODULE__, {:take, x})\n"
                ),
                "lib/cart.ex": _CART,
                "lib/desk.ex": _DESK.replace("call(@stock", "cast(Process.whereis(@stock)").replace(
                    ", 1_000", ""
                ),
            }
        ),
    ),
    good=(
        Sample(
            files={
                "lib/stock.ex": _server(
                    "  def take(x), do: GenServer.call(__MODULE__, {:take, x})\n"
                ),
                "lib/cart.ex": "defmodule Shop.Cart do\n  def add(x), do: Shop.Stock.take(x)\nend",
                "lib/desk.ex": "defmodule Shop.Desk do\n  def sell(x), do: Shop.Stock.take(x)\nend",
            }
        ),
        Sample(
            files={
                "lib/stock.ex": _server(),
                "lib/cart.ex": _CART.replace("(Shop.Stock,", "(pid,").replace(
                    "add(item", "add(pid, item"
                ),
                "lib/desk.ex": _DESK.replace("(@stock,", "(Other.Stock,"),
            }
        ),
    ),
    exemptions=(
        Exemption(
            "same-component",
            "the caller is nested in the owner's name, or the owner in the caller's",
            Sample(
                files={
                    "lib/stock.ex": _server(),
                    "lib/client.ex": _CART.replace("Shop.Cart", "Shop.Stock.Client"),
                }
            ),
        ),
        Exemption(
            "one-client",
            "only one other module sends the messages: it is the interface",
            Sample(files={"lib/stock.ex": _server(), "lib/cart.ex": _CART}),
        ),
    ),
)
