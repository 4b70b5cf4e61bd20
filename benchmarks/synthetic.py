"""A synthetic umbrella of any size: mostly plain modules, with OTP contexts after examples/courier.

The same seed gives the same bytes. Names, lengths, nesting and the mix of constructs vary, so that
neither parser nor rules meet the same text twice.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.phrases import ATOMS, NOUNS, VERBS, function

EXAMPLE = Path(__file__).parents[1] / "examples" / "courier"
OTP_SHARE = 0.15
"""Part of the modules that are copies of the example's processes; the rest is plain code."""
FILES_PER_APP = 250


def write_code_base(root: Path, *, megabytes: float, seed: int) -> int:
    """Write an umbrella of about this size below `root`; returns the number of Elixir files."""
    rng = random.Random(seed)
    wanted, written, files = megabytes * 1e6, 0, 0
    for app in _app_names(rng):
        if written >= wanted:
            break
        for path, text in _app(app, rng):
            target = root / "apps" / app / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            written, files = written + len(text.encode()), files + 1
            if written >= wanted:
                break
    (root / "mix.exs").write_text(_umbrella())
    return files + 1


def synthetic(folder: Path, *, megabytes: float, seed: int) -> Path:
    """A code base of that size in a folder of its own."""
    root = folder / f"synthetic-{seed}"
    write_code_base(root, megabytes=megabytes, seed=seed)
    return root


def _app_names(rng: random.Random) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{rng.choice(NOUNS)}_{rng.choice(NOUNS)}_{number}"


def _app(app: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    space = _camel(app)
    yield "mix.exs", _mixfile(app, space)
    processes: list[str] = []
    for number in range(FILES_PER_APP):
        stem = f"{rng.choice(NOUNS)}_{rng.choice(VERBS)}_{number}"
        if rng.random() < OTP_SHARE:
            context = f"{space}.{_camel(stem)}"
            for path, text in _context(context, rng):
                yield f"lib/{app}/{stem}/{path}", text
            processes += [f"{context}.Parcels", f"{context}.Network", f"{context}.Manifest"]
        else:
            yield f"lib/{app}/{stem}.ex", plain_module(f"{space}.{_camel(stem)}", rng)
            if rng.random() < 0.4:
                name = f"{space}.{_camel(stem)}"
                yield f"test/{app}/{stem}_test.exs", plain_test(name, rng)
    yield f"lib/{app}/application.ex", _application(app, space, processes)


def _context(space: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Some of the example's modules under another name, with plain functions added to them."""
    sources = sorted((EXAMPLE / "lib" / "courier").rglob("*.ex"))
    chosen = [p for p in sources if p.stem != "application"]
    for path in rng.sample(chosen, rng.randint(2, 6)):
        text = re.sub(r"\bCourier\b", space, path.read_text())
        added = "\n\n".join(function(rng, number) for number in range(rng.randint(4, 14)))
        body = text.rstrip().removesuffix("end").rstrip()
        yield path.name, f"{body}\n\n{added}\nend\n"


def plain_module(name: str, rng: random.Random) -> str:
    """A module without any process."""
    fields = ", ".join(f"{atom}: nil" for atom in rng.sample(ATOMS, rng.randint(2, 6)))
    parts = [
        f'  @moduledoc """\n  {rng.choice(VERBS).title()}s {rng.choice(NOUNS)}s.\n  """',
        f"  alias {name.rsplit('.', 1)[0]}.{rng.choice(NOUNS).title()}",
        f"  defstruct {fields}",
        f"  @limit {rng.randint(1, 9999)}",
        *(function(rng, number) for number in range(rng.randint(5, 40))),
    ]
    return f"defmodule {name} do\n" + "\n\n".join(parts) + "\nend\n"


def plain_test(name: str, rng: random.Random) -> str:
    """An ExUnit case for a plain module."""
    module = name.rsplit(".", 1)[-1]
    tests = [
        f'  test "{rng.choice(VERBS)}s {rng.choice(NOUNS)} {number}" do\n'
        f"    result = {module}.{rng.choice(VERBS)}_{number}({rng.randint(1, 99)})\n"
        f"    assert result == :{rng.choice(ATOMS)}\n  end"
        for number in range(rng.randint(2, 12))
    ]
    head = f"defmodule {name}Test do\n  use ExUnit.Case, async: true\n\n  alias {name}\n\n"
    return head + "\n\n".join(tests) + "\nend\n"


def _application(app: str, space: str, processes: list[str]) -> str:
    children = "".join(f"      {name},\n" for name in processes).rstrip(",\n")
    return (
        f"defmodule {space}.Application do\n  @moduledoc false\n  use Application\n\n"
        f"  @impl true\n  def start(_type, _args) do\n    children = [\n{children}\n    ]\n\n"
        f"    Supervisor.start_link(children, strategy: :one_for_one, name: {space}.Supervisor)\n"
        "  end\nend\n"
    )


def _mixfile(app: str, space: str) -> str:
    return (
        f"defmodule {space}.MixProject do\n  use Mix.Project\n\n  def project do\n"
        f'    [app: :{app}, version: "0.1.0", deps: []]\n  end\n\n  def application do\n'
        f"    [extra_applications: [:logger], mod: {{{space}.Application, []}}]\n  end\nend\n"
    )


def _umbrella() -> str:
    return (
        "defmodule Synthetic.MixProject do\n  use Mix.Project\n\n"
        '  def project, do: [apps_path: "apps", version: "0.1.0", deps: []]\nend\n'
    )


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
