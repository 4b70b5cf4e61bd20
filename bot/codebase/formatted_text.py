"""Elixir's formatter on texts, where mix may not run: nothing of the project is evaluated.

What `.formatter.exs` says is taken as far as it is written out: literals, and no plugin or export
of a dependency. So a text is touched only where that is sure to be what the project wants: a new
one, or one that was at the same formatter's fixpoint before.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.codebase.process import child_environment, run
from bot.codebase.toolchain import Toolchain

_SECONDS = 120.0

# Parsing interns atoms for good, hence a process of its own that ends.
_SCRIPT = r"""
[dir, count] = System.argv()
names = [:line_length, :force_do_end_blocks, :normalize_bitstring_modifiers]

plain? = fn
  {:locals_without_parens, calls} when is_list(calls) ->
    Enum.all?(calls, fn
      {name, arity} -> is_atom(name) and (is_integer(arity) or arity == :*)
      _ -> false
    end)

  {name, value} ->
    name in names and (is_integer(value) or is_boolean(value))

  _ ->
    false
end

options =
  case Code.string_to_quoted(File.read!(Path.join(dir, "options")), emit_warnings: false) do
    {:ok, found} when is_list(found) -> Enum.filter(found, plain?)
    _ -> []
  end

format = fn text -> IO.iodata_to_binary([Code.format_string!(text, options), "\n"]) end

for n <- 0..(String.to_integer(count) - 1)//1 do
  [before, now] = for kind <- ["before", "now"], do: File.read!(Path.join(dir, "#{n}.#{kind}"))

  answer =
    try do
      if before == "" or format.(before) == before, do: format.(now), else: now
    rescue
      _ -> now
    end

  File.write!(Path.join(dir, "#{n}.answer"), Base.encode64(answer))
end
"""


def format_texts(
    toolchain: Toolchain,
    options: str,
    texts: Mapping[str, tuple[str, str]],
    env: Mapping[str, str],
) -> dict[str, str]:
    """Of `texts`, each before (empty: it is new) and now, those the formatter changes, changed.

    `options` is the text of `.formatter.exs`. None where Elixir gives no answer.
    """
    if not texts:
        return {}
    with tempfile.TemporaryDirectory(prefix="genesis-format-") as scratch:
        directory = Path(scratch)
        _write(directory, "options", options)
        for number, (before, now) in enumerate(texts.values()):
            _write(directory, f"{number}.before", before)
            _write(directory, f"{number}.now", now)
        script = directory / "format.exs"
        script.write_text(_SCRIPT, encoding="utf-8")
        done = run(
            (str(toolchain.elixir), str(script), scratch, str(len(texts))),
            cwd=directory,
            env=child_environment(env, {"PATH": toolchain.search_path}),
            timeout=_SECONDS,
        )
        if done.returncode != 0 or done.timed_out:
            return {}
        answers = [
            base64.b64decode((directory / f"{n}.answer").read_bytes()).decode("utf-8", "replace")
            for n in range(len(texts))
        ]
    asked = zip(texts.items(), answers, strict=True)
    return {path: answer for (path, (_, now)), answer in asked if answer != now}


def _write(directory: Path, name: str, text: str) -> None:
    (directory / name).write_bytes(text.encode("utf-8", "surrogatepass"))
