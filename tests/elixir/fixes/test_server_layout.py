"""What the server codemods write, judged by Elixir's own parser and formatter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.elixir.fixes.async_nolink import CODEMOD as ASYNC
from bot.elixir.fixes.base import Codemod
from bot.elixir.fixes.init_to_continue import CODEMOD as INIT
from bot.elixir.fixes.self_send_to_continue import CODEMOD as SELF_SEND
from tests.elixir.fixes import test_async_nolink as jobs
from tests.elixir.fixes import test_init_to_continue as slow
from tests.elixir.fixes import test_self_send_to_continue as sends
from tests.elixir.fixes.server_support import rewritten

CHECK = """
[folder] = System.argv()
for path <- Path.wildcard(Path.join(folder, "*.ex")) do
  source = File.read!(path)
  {:ok, _} = Code.string_to_quoted(source)
  formatted = IO.iodata_to_binary([Code.format_string!(source), "\\n"])
  if formatted != source, do: IO.puts([path, "\\n", formatted, "\\n--- not\\n", source])
end
"""
STATE = "{:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}"
LONG_MAP = (
    "{:ok,\n     %{\n       base: Keyword.get(opts, :base, :eur),\n       rates: %{}\n     }}"
)
LONG_LINE = "{:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}, limit: 1_000_000, list: []}}"
CONTINUE = (
    "  @impl true\n  def handle_continue(:warm, state), do: {:noreply, state}\n\n"
    "  @impl true\n  # The list"
)
TALL_MAP = "{:ok,\n     %{\n       limit: Keyword.get(opts, :limit, 5),\n       done: 0\n     }}"


def variants() -> dict[str, tuple[Codemod, dict[str, str]]]:
    """Formatted sources by name, each with the codemod to run."""
    send, job, rows = sends.SERVER, jobs.SERVER, "rows = Shop.Repo.all(Shop.Rate)"
    last = send[: send.index("  def handle_info(:load")] + "  def handle_info(:clear, s), do: s\n"
    nested = "".join(f"  {line}\n" if line else "\n" for line in job.splitlines())
    query = 'rows =\n  Shop.Repo.query("""\n  select 1\n  """)\n\n{:ok, %{rows: rows}}'
    case = "case Shop.Repo.one(Shop.Rate) do\n  nil -> {:stop, :none}\n  row -> {:ok, row}\nend"
    return {
        "send": (SELF_SEND, sends.files()),
        "send_map": (SELF_SEND, sends.files(send.replace("    " + STATE, "\n    " + LONG_MAP))),
        "send_long": (SELF_SEND, sends.files(send.replace(STATE, LONG_LINE))),
        "send_group": (
            SELF_SEND,
            sends.files(send.replace("  @impl true\n  # The list", CONTINUE)),
        ),
        "send_last": (
            SELF_SEND,
            sends.files(
                last + "\n  def handle_info(:load, s) do\n    {:noreply, rates(s)}\n  end\nend\n"
            ),
        ),
        "send_hidden": (SELF_SEND, sends.files(send.replace("@impl", "@doc false\n  @impl"))),
        "init": (INIT, slow.files(slow.CLOCK)),
        "init_call": (INIT, slow.files(slow.INJECTED)),
        "init_heredoc": (INIT, slow.server(query)),
        "init_case": (INIT, slow.server(case)),
        "init_gap": (
            INIT,
            slow.server(f"x = opts[:x]\n\n{rows}\n\n{{:ok, %{{rows: rows, x: x}}}}"),
        ),
        "init_effect": (INIT, slow.server("Process.sleep(10)\n\n{:ok, opts}")),
        "init_one_line": (
            INIT,
            slow.files(slow.HEAD + "  def init(p), do: {:ok, Req.get!(p)}\n  def x, do: 1\nend\n"),
        ),
        "job": (ASYNC, jobs.files()),
        "job_result": (ASYNC, jobs.with_rest(jobs.RESULT)),
        "job_nested": (ASYNC, jobs.files(f"defmodule Shop.Outer do\n{nested}end\n")),
        "job_map": (
            ASYNC,
            jobs.files(
                job.replace("{:ok, %{limit: Keyword.get(opts, :limit, 5), done: 0}}", TALL_MAP)
            ),
        ),
        "job_changed": (
            ASYNC,
            jobs.files(job.replace("{:noreply, state}", "{:noreply, %{state | done: 1}}")),
        ),
    }


@pytest.mark.elixir
def test_formatted_files_stay_formatted(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    for name, (codemod, sources) in variants().items():
        (before / f"{name}.ex").write_text(sources["lib/a.ex"])
        (after / f"{name}.ex").write_text(rewritten(codemod, sources))
    for folder in (before, after):
        run = subprocess.run(
            ["elixir", "-e", CHECK, str(folder)], capture_output=True, text=True, check=False
        )
        assert (run.stdout, run.returncode) == ("", 0), f"{folder.name}: {run.stdout}{run.stderr}"
