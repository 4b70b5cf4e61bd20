"""Elixir's own judgement of generated code: one process for many files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

_SCRIPT = """
code = IO.read(:stdio, :all)
for {name, text} <- elem(Code.eval_string(code), 0) do
  case Code.string_to_quoted(text) do
    {:ok, _} ->
      formatted = IO.iodata_to_binary([Code.format_string!(text), "\\n"])
      IO.puts("#{name}\\t#{if formatted == text, do: "formatted", else: "unformatted"}")

    {:error, error} ->
      IO.puts("#{name}\\tunparsable #{inspect(error)}")
  end
end
"""


def judged(texts: Mapping[str, str]) -> dict[str, str]:
    """`formatted`, `unformatted` or `unparsable ...` by name."""
    literal = ", ".join(f"{{{_quoted(name)}, {_quoted(text)}}}" for name, text in texts.items())
    done = subprocess.run(
        ["elixir", "-e", _SCRIPT], input=f"[{literal}]", capture_output=True, text=True, check=True
    )
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("#{", "\\#{")
