"""One server that does everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_machine, is_server
from bot.elixir.rules.base import Because, Limit, Rule, Sample, Site, Span
from bot.elixir.rules.parts.phases import has_phases
from bot.elixir.rules.parts.state_use import field_names
from bot.elixir.rules.parts.topics import topics_of

MAX_LINES = 600
"""Code lines without docs and blanks: three times what one sitting's review takes in. Of about 90
servers in ten well-kept public repositories 6 have more."""
MAX_MESSAGES = 20
"""Distinct message tags: a server of one purpose has a handful; nobody keeps in mind what twenty
kinds of messages do to each other in every order."""
MAX_FIELDS = 15
"""Fields of the state: past it a struct is several structs."""
MAX_TOPICS = 8
"""Groups of messages by the noun in their tag: each could be a module or a process of its own."""
WHAT = ("lines of code", "kinds of messages", "fields of state", "topics")

MEASURES_FOR_A_WARNING = 4
"""One large number alone is taste; all together are seldom one server's business."""
MEASURES_FOR_A_REMARK = 2

_MANY_ALIKE = 8
"""Messages that one helper does all the work for: as many are one kind with many names."""
_SHORT_CLAUSE = 3
"""Statements: what is set, the call of the helper, and the answer."""

_CALLBACKS = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2), ("handle_event", 4))
"""What others send; a `handle_continue` is the server's own next step."""


@dataclass(frozen=True)
class Size:
    """What is counted of a server."""

    lines: int
    messages: int
    fields: int
    topics: tuple[str, ...]

    def excesses(self, limits: Iterable[int]) -> list[str]:
        """One phrase for each measure over its limit; limits in the order of the fields."""
        counts = (self.lines, self.messages, self.fields, len(self.topics))
        named = zip(counts, limits, WHAT, strict=True)
        return [f"{n} {what} (limit {limit})" for n, limit, what in named if n > limit]


def check(
    module: Module,
    lines: int = MAX_LINES,
    messages: int = MAX_MESSAGES,
    fields: int = MAX_FIELDS,
    topics: int = MAX_TOPICS,
) -> Iterator[Site]:
    """A server over at least two of the limits."""
    if not is_server(module):
        return
    tags = _kinds(module)
    read = _only(_reads_a_field, module)
    topics_met = topics_of([tag for tag in tags if tag not in read])
    size = Size(code_lines(module), len(tags), len(field_names(module)), topics_met)
    excesses = size.excesses((lines, messages, fields, topics))
    if len(excesses) < MEASURES_FOR_A_REMARK:
        return
    # A protocol's handler is long and has many words, and does one thing for all that; one
    # connection, written as a state machine, has many fields, too.
    many_fields = size.fields > fields and not (is_machine(module) or has_phases(module))
    if size.messages <= messages and not many_fields:
        return
    name = Span(module.source.path, module.node.start_byte, _head_end(module))
    warn = len(excesses) >= MEASURES_FOR_A_WARNING
    said = ", ".join(size.topics[:12])
    note = f"its messages speak of: {said}" if said else "the tags of its messages name no topics"
    yield Site(
        name,
        f"`{module.name}` has grown large: {'; '.join(excesses)}",
        because=(Because(name, note),),
        severity="warning" if warn else "info",
        confidence="medium" if len(excesses) > MEASURES_FOR_A_REMARK else "low",
        data={
            "lines": str(size.lines),
            "messages": str(size.messages),
            "fields": str(size.fields),
            "topics": ",".join(size.topics),
        },
    )


def _head_end(module: Module) -> int:
    return module.body.start_byte + 2 if module.body is not None else module.node.end_byte


def code_lines(module: Module) -> int:
    """Lines of code in the module's functions: no docs, comments, blanks or nested modules."""
    data = module.source.data
    total = 0
    for clause in module.all_clauses():
        body = data[clause.node.start_byte : clause.node.end_byte]
        total += sum(1 for line in body.splitlines() if (bare := line.strip()) and bare[:1] != b"#")
    return total


def message_tags(module: Module) -> list[str]:
    """Distinct first atoms of the messages its callbacks take, in source order."""
    found: dict[str, None] = {}
    for key in _CALLBACKS:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            position = 1 if key[0] == "handle_event" else 0
            tag = _tag(clause.params[position]) if len(clause.params) > position else ""
            if tag:
                found.setdefault(tag)
    return list(found)


def _kinds(module: Module) -> list[str]:
    """The tags, but of those that a helper does all the work for only the first: they set one
    thing or another.
    """
    by_helper: dict[tuple[str, int], list[str]] = {}
    others: set[str] = set()
    for key in _CALLBACKS[:2]:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            helper, tag = _all_done_by(clause), _tag(clause.params[0])
            if helper is None:
                others.add(tag)
            else:
                by_helper.setdefault(helper, []).append(tag)
    alike = {tag for tags in by_helper.values() if len(tags) >= _MANY_ALIKE for tag in tags[1:]}
    left_out = (alike - others) | _only(_hands_on, module)
    return [tag for tag in message_tags(module) if tag not in left_out]


def _all_done_by(clause: Clause) -> tuple[str, int] | None:
    """The own function that is all the clause calls, with a value that it writes out before."""
    calls = [c for c in clause.calls if c.module or c.local]
    if len(calls) != 1 or len(clause.statements()) > _SHORT_CLAUSE:
        return None
    call = calls[0]
    own = clause.function.module.local(call.name, call.arity) if not call.in_quote else None
    return (call.name, call.arity) if own is not None and call.module == own.module.name else None


def _tag(pattern: Node) -> str:
    if nodes.operator(pattern) == "=":
        sides = (pattern.child_by_field_name("left"), pattern.child_by_field_name("right"))
        return next((t for s in sides if s is not None and (t := _tag(s))), "")
    if pattern.type == "tuple" and pattern.named_children:
        pattern = pattern.named_children[0]
    return text(pattern).removeprefix(":") if pattern.type == "atom" else ""


def _only(answers: Callable[[Clause], bool], module: Module) -> set[str]:
    """Tags of calls that all their clauses answer so."""
    function = module.functions.get(("handle_call", 3))
    works: dict[str, bool] = {}
    for clause in function.clauses if function is not None else ():
        if clause.params and (tag := _tag(clause.params[0])):
            works[tag] = works.get(tag, False) or not answers(clause)
    return {tag for tag, does in works.items() if not does}


def _reads_a_field(clause: Clause) -> bool:
    """Whether it answers with fields of the state as they are: no business of its own."""
    answer = _answer(clause)
    calls = nodes.of_type(answer, "call") if answer is not None else []
    return answer is not None and all(n.named_child_count < 2 for n in calls)


def _hands_on(clause: Clause) -> bool:
    """Whether it answers with what one call of another module gives that gets nothing of the state:
    such messages do nothing to each other.
    """
    answer = _answer(clause)
    call = resolve(answer, clause.function.module) if answer and answer.type == "call" else None
    if call is None or call.local or call.module in ("", clause.function.module.name):
        return False
    state = set(nodes.identifiers(clause.params[-1]))
    return state.isdisjoint(nodes.identifiers(call.node))


def _answer(clause: Clause) -> Node | None:
    """The reply, where that is all the clause does and the state stays as it is."""
    statements = clause.statements()
    parts = statements[0].named_children if len(statements) == 1 else []
    if len(parts) != 3 or text(parts[0]) != ":reply" or parts[2].type != "identifier":
        return None
    return parts[1] if text(parts[2]) in nodes.identifiers(clause.params[-1]) else None


def _big(messages: int, fields: int) -> str:
    """A sample server of that many message kinds and state fields."""
    struct = ", ".join(f"field{i}: nil" for i in range(fields))
    handlers = "\n".join(
        f"  def handle_cast({{:set_topic{chr(97 + i)}, value}}, state),\n"
        f"    do: {{:noreply, %{{state | field{i % fields}: value}}}}"
        for i in range(messages)
    )
    return f"""\
defmodule Shop.Everything do
  use GenServer
  defstruct {struct}
  def init(_), do: {{:ok, %__MODULE__{{}}}}
{handlers}
end
"""


RULE = Rule(
    id="god-process",
    title="A process that does everything",
    category="god-process",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "One server has very many kinds of messages, fields of state, lines or topics: several of "
        "these counts are over their limits at once."
    ),
    harm=(
        "Every topic waits behind every other in one mailbox, and a crash in any of them loses the "
        "state of all. Nobody can test or restart one of them alone. The counts show the size, not "
        "whether the topics belong together: one document, or one connection whose messages must "
        "keep their order, rightly has one process."
    ),
    remedy=(
        "Move pure work into plain modules first. Then give a topic a process of its own where it "
        "must fail, wait or be limited alone, each under a supervisor; leave together what must "
        "be changed in one order."
    ),
    limits=(
        Limit("lines", MAX_LINES, "lines of code, without docs, comments and blanks"),
        Limit("messages", MAX_MESSAGES, "distinct tags of the messages it takes"),
        Limit("fields", MAX_FIELDS, "fields of its state"),
        Limit("topics", MAX_TOPICS, "groups of messages by the noun in their tag"),
    ),
    triggers=(b"GenServer", b"GenStage", b":gen_statem", b"Agent", b":gen_server"),
    check=check,
    bad=(Sample(_big(24, 18)), Sample(_big(21, 16))),
    good=(
        Sample("""\
defmodule Shop.Fleet do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)

  # One server per topic: each fails, restarts and is understood on its own.
  def init(_) do
    Supervisor.init([Shop.Drivers, Shop.Vans, Shop.Shifts], strategy: :one_for_one)
  end
end
"""),
        Sample(_big(6, 5)),
        Sample(_big(18, 4)),
        Sample(_big(24, 18).replace("  use GenServer\n", "")),
    ),
)
