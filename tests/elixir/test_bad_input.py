"""Whatever stands in a file, the analysis ends, tells of it, and goes on with the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.damage import DAMAGES, Damage, seeded
from bot.elixir import nodes
from bot.elixir.analyze import survey
from bot.elixir.result_cache import ResultCache
from bot.elixir.rules import all_rules
from bot.elixir.tree import MAX_BYTES, MemoryTree

SAMPLES = [c.encode() for r in all_rules() for s in r.bad for c in s.tree().values()]
PATHS = ("lib/a.ex", "test/a_test.exs", "mix.exs", "config/config.exs", "apps/b/lib/b.ex")
GOOD = b"defmodule Good do\n  def later(x), do: spawn(fn -> x end)\nend\n"


def analysed_with(data: bytes, paths: tuple[str, ...] = PATHS) -> None:
    """The good file's finding is there, and each other file is read or told of."""
    files = dict.fromkeys(paths, data) | {"lib/good.ex": GOOD}
    analysis = survey(MemoryTree.of(files), jobs=1).analysis
    assert [f.rule for f in analysis.findings if f.path == "lib/good.ex"] == ["unsupervised-spawn"]
    unread = {n.path for n in analysis.notes if n.kind in ("not-utf8", "too-large")}
    assert analysis.files + len(unread) == len(files)
    told = {n.path for n in analysis.notes}
    if nodes.parse(data).root_node.has_error or not _is_text(data):
        assert told >= set(paths)
    for finding in analysis.findings:
        assert 0 <= finding.start_byte < finding.end_byte <= len(files[finding.path])


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_analysed_or_told_of(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(SAMPLES), label="code")
    rng = seeded(data.draw(st.integers(0, 10_000), label="seed"))
    for damage in data.draw(st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=3)):
        code = damage(code, rng)
    analysed_with(code)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_each_damage_alone(damage: Damage) -> None:
    rng = seeded(1)
    assert [damage(code, rng) for code in SAMPLES[:40]] != SAMPLES[:40]
    analysed_with(damage(b"\n".join(SAMPLES[:12]), rng))


@pytest.mark.parametrize(
    "mark",
    [lambda d: b"\xef\xbb\xbf" + d, lambda d: d.replace(b"\n", b"\r\n")],
    ids=["bom", "crlf"],
)
def test_a_mark_or_other_line_ends_hide_nothing(mark: Callable[[bytes], bytes]) -> None:
    for rule in all_rules():
        for sample in rule.bad[:1]:
            plain = {path: code.encode() for path, code in sample.tree().items()}
            other = {path: mark(data) for path, data in plain.items()}
            both = [
                survey(MemoryTree.of(f), jobs=1, rules=(rule,)).analysis for f in (plain, other)
            ]
            functions = [[(f.module, f.function) for f in a.findings] for a in both]
            assert functions[0] == functions[1], rule.id


@pytest.mark.parametrize(
    "code",
    [
        b"[" + b"1, " * 60_000 + b"1]",
        b"%{" + b"".join(b"k%d: %d, " % (n, n) for n in range(12_000)) + b"z: 1}",
        b'@a "' + b"x" * 200_000 + b'"',
        b"x = " + b"a <> " * 40_000 + b"a",
        b"x\n" + b"|> f()\n" * 20_000,
        b"".join(b"def f(%d), do: f(%d, :infinity)\n" % (n, n) for n in range(3_000)),
        b"def f(x) do\n" + b"send(x, :y)\n" * 8_000 + b"end",
        b"def f(x) do\ncase x do\n" + b"_ -> :ok\n" * 8_000 + b"end\nend",
        b"# " + b"spawn(fn -> 1 end) " * 12_000,
        b"\n" * 200_000,
        b"def " * 40_000,
        b"defmodule B do\n" * 3_000 + b"end\n" * 3_000,
    ],
    ids=lambda code: code[:14].decode().split("\n")[0],
)  # fmt: skip
def test_a_generated_file_is_analysed_or_told_of(code: bytes) -> None:
    analysed_with(b"defmodule A do\nuse GenServer\n" + code + b"\nend\n", ("lib/a.ex",))


def test_a_file_too_large_is_told_of() -> None:
    analysed_with(b"# " + b"x" * MAX_BYTES)


def test_damage_is_kept_and_found_again(tmp_path: Path) -> None:
    rng, cache = seeded(5), ResultCache.below(tmp_path)
    files = {
        f"lib/f{n}.ex": damage(b"\n".join(SAMPLES[n : n + 5]), rng)
        for n, damage in enumerate(DAMAGES)
    }
    first, second = (survey(MemoryTree.of(files), jobs=1, cache=cache) for _ in range(2))
    assert first.analysis == second.analysis.model_copy(update={"cached": 0})
    assert second.inspection.known == len(second.inspection.files) > 5


def test_private_functions_that_call_each_other_in_many_ways_come_to_an_end() -> None:
    """Each has three clauses that go on to three others: too many paths to follow all of them."""
    rng = seeded(7)
    clauses = "".join(
        f"  defp f{number}({given}, w) do\n"
        f'    a = f{rng.randrange(14)}(v, "p_#{{w}}")\n'
        f"    b = f{rng.randrange(14)}(a, String.to_atom(v))\n"
        f'    f{rng.randrange(14)}(b <> a, :"x_#{{v}}")\n'
        "  end\n"
        for number in range(14)
        for given in ("{:one, v}", "{:two, v}", "v")
    )
    code = f"defmodule Gen do\n  def f(x), do: f0(x, x)\n{clauses}end\n".encode()
    found = survey(MemoryTree.of({"lib/gen.ex": code}), jobs=1).analysis
    assert not found.notes
    assert "dynamic-atom" in {f.rule for f in found.findings}
