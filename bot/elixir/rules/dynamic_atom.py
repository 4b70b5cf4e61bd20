"""Atoms made at run time: the atom table is never collected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.atom_excuses import excuse
from bot.elixir.rules.parts.bounded_text import CONVERSIONS, Trail, few
from bot.elixir.rules.parts.converters import converted
from bot.elixir.rules.parts.few_atoms import fewness
from bot.elixir.rules.parts.folding import Said, folded
from bot.elixir.rules.parts.node_names import names_a_node
from bot.elixir.rules.parts.outside import outside
from bot.elixir.rules.parts.registered import is_registered
from bot.elixir.rules.parts.standing import iterated, literal

_INTERPOLATES = re.compile(rb""":["'][^"'\n]*#\{|#\{[^\n]*["']:\s""")
_UNTOLD = "how many different values can come could not be told: few, or a new one each time"
_CONVERTS = (b"to_atom", b"to_unsafe_atom")
_QUOTES = (b':"', b'": ', b":'", b"': ")


def starts(project: Project) -> Iterator[str]:
    """Files of `lib` that convert to an atom, or interpolate one."""
    converting = frozenset(project.texts.holding(*_CONVERTS))
    for path in project.lib_holding(*_CONVERTS, *_QUOTES):
        if path in converting or project.texts[path].matches(_INTERPOLATES):
            yield path


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every conversion to an atom, and every interpolated atom, in functions of `lib`."""
    for module in project.modules_in(path):
        made = [*_conversions(module, project), *_interpolations(module, project)]
        yield from folded(made, "the same is made here too")


def _conversions(module: Module, project: Project) -> Iterator[Said]:
    for clause in module.clauses_with(*_CONVERTS):
        for call in clause.calls:
            if call.full in CONVERSIONS and (call.args or call.captured):
                value = "" if call.captured or "&" in text(call.args[0]) else text(call.args[0])
                for said in _conversion(call, clause, project):
                    yield clause.function, value, said


def _interpolations(module: Module, project: Project) -> Iterator[Said]:
    data = module.source.data
    for clause in module.all_clauses():
        if not _INTERPOLATES.search(data, clause.node.start_byte, clause.node.end_byte):
            continue
        for node in nodes.of_type(clause.node, "quoted_atom", "quoted_keyword"):
            if any(part.type == "interpolation" for part in node.named_children):
                yield clause.function, text(node), _interpolated(node, clause, project)


def _conversion(call: Call, clause: Clause, project: Project) -> Iterator[Site | Exempt]:
    module = clause.function.module
    span = Span.of(module, call.node)
    given = call.args[0] if call.args and text(call.args[0]) != "&1" else None
    value = given or _mapped_over(call)
    if call.args and literal(call.args[0]):
        return
    exemption = excuse(clause, call.node, value, project)
    handed = converted(call) if not exemption and value is None else []
    if handed and all(few(one, taker, Trail(project)) for one, taker in handed):
        exemption = "bounded"
    if exemption:
        yield Exempt(span, exemption)
        return
    origin = outside(value, clause) if value is not None else ""
    yield Site(
        span,
        f"`{call.module}.{call.name}` makes an atom of a value that is only known at run time",
        because=(Because(span, origin or _UNTOLD),),
        severity="warning" if origin else "info",
        confidence="high" if origin else "low",
        data={"call": call.full},
    )


def _mapped_over(capture: Call) -> Node | None:
    for ancestor in nodes.ancestors(capture.node):
        if ancestor.type == "call" and ancestor.id != capture.node.id:
            return iterated(ancestor)
    return None


def _interpolated(node: Node, clause: Clause, project: Project) -> Site | Exempt:
    span = Span.of(clause.function.module, node)
    parts = [c for c in node.named_children if c.type == "interpolation"]
    values = [n for part in parts for n in part.named_children if n.type != "comment"]
    exemption = fewness(node, values, clause, project) or excuse(clause, node, None, project)
    origin = next((o for v in values if (o := outside(v, clause, direct=False))), "")
    if not exemption and not origin and names_a_node(node, clause):
        exemption = "node-name"
    if not exemption and not origin and is_registered(node, values, clause, project):
        exemption = "registered"
    if exemption:
        return Exempt(span, exemption)
    return Site(
        span,
        "an interpolated atom is made at run time",
        because=(Because(span, origin or "one atom for each value that is put in"),),
        severity="warning" if origin else "info",
        confidence="medium" if origin else "low",
        data={"call": "interpolation"},
    )


RULE = Rule(
    id="dynamic-atom",
    title="Atoms made at run time",
    category="resources",
    stage=1,
    severity="warning",
    confidence="high",
    fix="assisted",
    explanation="A string or charlist that is not known when the code is written is turned "
    "into an atom.",
    harm=(
        "Atoms are never collected and their table is limited (1,048,576 by default). Input "
        "that brings new values "
        "fills it, and a full table stops the whole node: no supervisor helps."
    ),
    remedy=(
        "Match the allowed strings and return the atom of each, or use "
        "`String.to_existing_atom/1` where every valid "
        "atom is sure to be loaded; keep free text as strings."
    ),
    triggers=(*_CONVERTS, *_QUOTES),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Hook do
  def event(%{"kind" => kind, "id" => id}), do: {String.to_atom(kind), id}
end
"""),
        Sample("""\
defmodule Shop.Query do
  def order(params), do: params["sort"] |> String.to_atom()
end
"""),
        Sample("""\
defmodule Shop.Room do
  def topic(id), do: :"room_#{id}"
end
"""),
        Sample("""\
defmodule Shop.Keys do
  def atoms(keys), do: Enum.map(keys, &String.to_atom/1)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Hook do
  def event("paid"), do: :paid
  def event("sent"), do: :sent
end
"""),
        Sample("""\
defmodule Shop.Query do
  def order(text), do: String.to_existing_atom(text)
end
"""),
        Sample("""\
defmodule Shop.Fixed do
  def unit, do: String.to_atom("second")
end
"""),
        Sample("""\
defmodule Shop.Doc do
  @doc "Never String.to_atom(x) here"
  def f, do: :"not interpolated"
end
"""),
    ),
    exemptions=(
        Exemption(
            "bounded",
            "the value is one of a fixed set: tested with `in`, iterated from a literal list "
            "or a module attribute, a setting of a fixed name or of one of few, looked up in a "
            "fixed map, also by a function elsewhere in the project, a number counted here, an "
            "atom itself or cut out of its name, the name of a compiled file or of what Mix "
            "builds; so are all that the callers of a private function pass",
            Sample("""\
defmodule Shop.Level do
  def parse(text) when text in ["low", "high"], do: String.to_atom(text)
end
"""),
        ),
        Exemption(
            "compile-time",
            "runs while the project compiles: a macro, a quoted block, a variable made for "
            "code, or a function to which all calls come from macros, from statements outside of "
            "all functions, or from what writes a module",
            Sample("""\
defmodule Shop.Fields do
  defmacro field(name), do: Shop.Names.getter(name)
end

defmodule Shop.Names do
  def getter(name), do: String.to_atom("get_" <> name)
end
"""),
        ),
        Exemption(
            "numbered",
            "one of a series that this code counts, and nothing shows that a caller decides "
            "about the rest of the name",
            Sample("""\
defmodule Shop.Shelves do
  def names(stock) do
    [%{label: label} | _] = shelves = Shop.Stock.shelves(stock)
    for i <- 1..length(shelves), do: :"#{label}_#{i}"
  end
end
"""),
        ),
        Exemption(
            "match-variable",
            "variables of a match specification have to be atoms, and it has few of them",
            Sample("""\
defmodule Shop.Rows do
  def variable(column), do: :"$#{column}"
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself: it reads code, whose names are atoms",
            Sample(
                """\
defmodule IEx.Words do
  def atom(name), do: String.to_atom(name)
end
""",
                path="lib/iex/lib/iex/words.ex",
            ),
        ),
        Exemption(
            "mix-task",
            "a Mix task, or an escript that starts no processes of its own, runs for one command",
            Sample("""\
defmodule Mix.Tasks.Shop.Gen do
  use Mix.Task
  def run([name]), do: String.to_atom(name)
end
"""),
        ),
        Exemption(
            "accepted",
            "a comment tells Sobelow or Credo that these atoms are meant: somebody has looked at "
            "it",
            Sample("""\
defmodule Shop.Hosts do
  # sobelow_skip ["DOS.StringToAtom"]
  def nodes(hosts), do: Enum.map(hosts, &String.to_atom/1)
end
"""),
        ),
        Exemption(
            "stated",
            "a comment says why no atom that exists already does, or why there are not too many: "
            "above the function, or in the module that gives out the names",
            Sample("""\
defmodule Shop.Plans do
  # We cannot use to_existing_atom here, as the plan may not be loaded yet;
  # the head office sends its own plans only.
  def kind(text), do: String.to_atom(text)
end
"""),
        ),
        Exemption(
            "registered",
            "the name that the module gives a table or a process as it starts, made again to find "
            "that; nobody starts one on demand, and no caller is seen to hand over input",
            Sample("""\
defmodule Shop.Shelf do
  use GenServer
  def start_link(shop), do: GenServer.start_link(__MODULE__, shop, name: name(shop))
  def init(shop), do: {:ok, shop}
  def items(shop), do: GenServer.call(name(shop), :items)
  def handle_call(:items, _, shop), do: {:reply, [], shop}
  defp name(shop), do: :"shelf_#{shop}"
end
"""),
        ),
        Exemption(
            "node-name",
            "the name of a node, `name@host`, and its cookie have to be atoms; nothing shows that "
            "they come from a request",
            Sample("""\
defmodule Shop.Nodes do
  def names(hosts), do: for(host <- hosts, do: :"shop@#{host}")
end
"""),
        ),
        Exemption(
            "announced",
            "the function is itself a conversion to an atom and says so in its name; its "
            "callers are looked at",
            Sample("""\
defmodule Shop.Text do
  def to_atom(text), do: :erlang.binary_to_atom(text)
end
"""),
        ),
        Exemption(
            "start-up",
            "made when a process or a migration starts or the configuration is read, there or by "
            "functions that nothing else comes to: so many atoms for each process, not for each "
            "request",
            Sample("""\
defmodule Shop.Pool do
  use Supervisor
  def start_link(opts), do: Supervisor.start_link(__MODULE__, opts, name: :"#{opts[:name]}_sup")
  def init(_), do: Supervisor.init([], strategy: :one_for_one)
end
"""),
        ),
    ),
)
