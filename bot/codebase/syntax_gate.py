"""Does this Elixir parse? Asked of Elixir itself, many texts at once, in a short-lived process."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import tree_sitter_elixir
from tree_sitter import Language, Node, Parser

from bot.codebase.process import child_environment, run
from bot.codebase.toolchain import Toolchain
from bot.errors import CommandFailed

Judge = Literal["elixir", "tree-sitter"]

# Parsing interns atoms for good, hence a process of its own that ends.
_SCRIPT = r"""
[dir, count] = System.argv()
for n <- 0..(String.to_integer(count) - 1)//1 do
  text = File.read!(Path.join(dir, Integer.to_string(n)))
  answer =
    try do
      case Code.string_to_quoted(text, emit_warnings: false) do
        {:ok, _} -> ""
        {:error, {meta, message, token}} ->
          line = if is_list(meta), do: meta[:line], else: meta
          message = if is_tuple(message), do: Enum.join(Tuple.to_list(message)), else: message
          "#{line}: #{message}#{token}"
      end
    rescue
      error -> "0: " <> Exception.message(error)
    end
  File.write!(Path.join(dir, "#{n}.answer"), Base.encode64(answer))
end
"""


@dataclass(frozen=True)
class SyntaxReport:
    """Errors the change brings, and who judged each file."""

    errors: dict[str, str]
    judged_by: dict[str, Judge]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SyntaxGate:
    """Parses texts with the project's Elixir, or with tree-sitter where there is none."""

    toolchain: Toolchain | None
    env: Mapping[str, str]
    timeout: float = 120.0

    def parse_errors(self, texts: Mapping[str, str]) -> dict[str, str]:
        """`{path: "line: message"}` of the texts that do not parse."""
        if self.toolchain is None:
            return {path: e for path, text in texts.items() if (e := tree_sitter_error(text))}
        return _ask_elixir(self.toolchain, texts, self.env, self.timeout) if texts else {}

    def check(self, before: Mapping[str, str], after: Mapping[str, str]) -> SyntaxReport:
        """Errors in `after`; what Elixir rejects in `before` already is left to tree-sitter."""
        if self.toolchain is None:
            note = "no Elixir here: parsed by tree-sitter, which misses about one error in five"
            judged: dict[str, Judge] = dict.fromkeys(after, "tree-sitter")
            return SyntaxReport(self.parse_errors(after), judged, (note,))
        originals = {f"before/{p}": t for p, t in before.items() if p in after and t}
        edited = {f"after/{p}": t for p, t in after.items()}
        found = self.parse_errors({**originals, **edited})
        foreign = {p for p in after if f"before/{p}" in found}
        errors = {}
        for path, text in after.items():
            error = tree_sitter_error(text) if path in foreign else found.get(f"after/{path}", "")
            if error:
                errors[path] = error
        notes = tuple(
            f"{p}: Elixir {self.toolchain.version} rejects the original "
            f"({found[f'before/{p}']}); parsed by tree-sitter"
            for p in sorted(foreign)
        )
        judges: dict[str, Judge] = {p: "tree-sitter" if p in foreign else "elixir" for p in after}
        return SyntaxReport(errors, judges, notes)


def tree_sitter_error(text: str) -> str:
    """The first ERROR or MISSING node as `line: message`, empty when there is none."""
    root = _parser().parse(text.encode("utf-8", "surrogatepass")).root_node
    if not root.has_error:
        return ""
    node = _first_error(root)
    what = f"missing {node.type}" if node.is_missing else "syntax error"
    return f"{node.start_point.row + 1}: {what}"


def _first_error(root: Node) -> Node:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node
        stack.extend(child for child in reversed(node.children) if child.has_error)
    return root


def _ask_elixir(
    toolchain: Toolchain, texts: Mapping[str, str], env: Mapping[str, str], timeout: float
) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="genesis-syntax-") as scratch:
        directory = Path(scratch)
        for number, text in enumerate(texts.values()):
            (directory / str(number)).write_bytes(text.encode("utf-8", "surrogatepass"))
        script = directory / "parse.exs"
        script.write_text(_SCRIPT, encoding="utf-8")
        done = run(
            (str(toolchain.elixir), str(script), scratch, str(len(texts))),
            cwd=directory,
            env=child_environment(env, {"PATH": toolchain.search_path}),
            timeout=timeout,
        )
        if done.returncode != 0 or done.timed_out:
            raise CommandFailed(done.argv, done.returncode, done.tail())
        answers = [
            base64.b64decode((directory / f"{n}.answer").read_bytes()).decode("utf-8", "replace")
            for n in range(len(texts))
        ]
    return {path: answer for path, answer in zip(texts, answers, strict=True) if answer}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_elixir.language()))
