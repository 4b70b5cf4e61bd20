"""Words and function shapes the synthetic code base is made of."""

from __future__ import annotations

import random
from collections.abc import Callable


def _words(text: str) -> list[str]:
    return text.split()


NOUNS = _words(
    "account address batch branch budget cargo carrier catalog channel claim clause cursor "
    "customer digest draft driver entry event export feed folder gateway grant invoice "
    "journal label ledger license listing locale margin member meter notice offer order "
    "package parcel partner payment permit policy price profile quota rate receipt record "
    "refund region report request route rule sample schedule segment session shelf shipment "
    "signal slot source stage stock summary survey target tariff tenant ticket token tour "
    "tracker transfer unit vendor visit voucher wallet zone"
)
VERBS = _words(
    "adjust allot apply assign attach bind check clean close collect combine compare convert "
    "count decode derive drop encode expand fetch filter find fold format gather group index "
    "join limit list load mark match measure merge note open order parse pick plan prune rank "
    "read reduce render report resolve round scale select shift sort split sum tag trim "
    "unpack update verify weigh wrap write"
)
ATOMS = _words(
    "active amount archived city code country created currency deleted due email expired "
    "failed final height hidden id kind length locked mode name new note open owner paid "
    "parent pending phase position private public reason ready rejected sent shared size sort "
    "state status stored street title total type unit updated valid value version visible "
    "weight width zip"
)


def function(rng: random.Random, number: int) -> str:
    """One function of a random shape, indented for a module body; `number` keeps names apart."""
    shape: Callable[[random.Random, str], str] = rng.choice(SHAPES)
    return shape(rng, f"{rng.choice(VERBS)}_{number}")


def _pipeline(rng: random.Random, name: str) -> str:
    steps = "".join(f"    |> {_step(rng)}\n" for _ in range(rng.randint(2, 7)))
    noun = rng.choice(NOUNS)
    return f"{_doc(rng)}  def {name}({noun}s) do\n    {noun}s\n{steps.rstrip()}\n  end"


def _step(rng: random.Random) -> str:
    atom, noun = rng.choice(ATOMS), rng.choice(NOUNS)
    return rng.choice(
        (
            f"Enum.map(fn {noun} -> Map.get({noun}, :{atom}, {rng.randint(0, 99)}) end)",
            f"Enum.reject(&(&1.{atom} == :{rng.choice(ATOMS)}))",
            f"Enum.group_by(& &1.{atom})",
            f"Enum.sort_by(fn {noun} -> {{{noun}.{atom}, -{noun}.{rng.choice(ATOMS)}}} end)",
            f"Enum.reduce(%{{}}, fn {noun}, seen -> Map.put(seen, {noun}.{atom}, {noun}) end)",
            f"Enum.take({rng.randint(1, 50)})",
        )
    )


def _cases(rng: random.Random, name: str) -> str:
    noun = rng.choice(NOUNS)
    clauses = "".join(
        f"      {{:{rng.choice(ATOMS)}, %{{{rng.choice(ATOMS)}: value}}}} "
        f"when value > {rng.randint(0, 99)} ->\n"
        f'        {{:ok, "{rng.choice(VERBS)} #{{value}} of {noun}"}}\n\n'
        for _ in range(rng.randint(1, 5))
    )
    return (
        f"{_doc(rng)}  def {name}({noun}, options \\\\ []) do\n    case {noun} do\n{clauses}"
        f"      _other ->\n        {{:error, Keyword.get(options, :{rng.choice(ATOMS)})}}\n"
        "    end\n  end"
    )


def _with(rng: random.Random, name: str) -> str:
    one, two, three = rng.sample(NOUNS, 3)
    return (
        f"  def {name}(%{{{rng.choice(ATOMS)}: {one}}} = input) do\n"
        f"    with {{:ok, {two}}} <- Map.fetch(input, :{rng.choice(ATOMS)}),\n"
        f"         true <- is_binary({two}) and byte_size({two}) < @limit,\n"
        f"         {{{three}, _rest}} <- Integer.parse({two}) do\n"
        f"      {{:ok, %{{{one}: {one}, {three}: {three} * {rng.randint(2, 12)}}}}}\n"
        f"    else\n      :error -> {{:error, :{rng.choice(ATOMS)}}}\n"
        f"      false -> {{:error, {{:too_long, @limit}}}}\n    end\n  end"
    )


def _clauses(rng: random.Random, name: str) -> str:
    atoms = rng.sample(ATOMS, rng.randint(2, 6))
    heads = "\n".join(f"  defp {name}(:{a}, count), do: count + {rng.randint(1, 9)}" for a in atoms)
    return f"{heads}\n  defp {name}(_other, count) when is_integer(count), do: count"


def _comprehension(rng: random.Random, name: str) -> str:
    one, two = rng.sample(NOUNS, 2)
    return (
        f"  def {name}({one}s, {two}s) do\n    for {one} <- {one}s,\n        {two} <- {two}s,\n"
        f"        {one}.{rng.choice(ATOMS)} != {two}.{rng.choice(ATOMS)},\n        into: %{{}} do\n"
        f"      {{{{{one}.id, {two}.id}}, String.length({one}.{rng.choice(ATOMS)})}}\n"
        "    end\n  end"
    )


def _binary(rng: random.Random, name: str) -> str:
    size = rng.choice((8, 16, 24, 32))
    return (
        f"  def {name}(<<{rng.randint(0, 255)}, size::{size}, "
        "body::binary-size(size), rest::binary>>) do\n"
        f"    # {rng.choice(VERBS)} before {rng.choice(VERBS)}, older senders rely on it\n"
        f"    [body | {name}(rest)]\n  end\n\n  def {name}(<<>>), do: []"
    )


def _text(rng: random.Random, name: str) -> str:
    lines = "".join(
        f"    {rng.choice(VERBS)} the {rng.choice(NOUNS)} of #{{{rng.choice(('name', 'value'))}}}\n"
        for _ in range(rng.randint(2, 8))
    )
    return (
        f'{_doc(rng)}  def {name}(name, value) do\n    """\n{lines}    """\n'
        f"    |> String.replace(~r/[{rng.choice('abcxyz')}-z]+\\s/u, ~s({rng.choice(ATOMS)} ))\n"
        "  end"
    )


def _doc(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return ""
    words = " ".join(rng.choice(NOUNS) for _ in range(rng.randint(3, 12)))
    return f'  @doc """\n  {rng.choice(VERBS).title()}s the {words}.\n  """\n'


SHAPES = (_pipeline, _cases, _with, _clauses, _comprehension, _binary, _text)
