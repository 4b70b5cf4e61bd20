"""A project in which everything that runs looks around, tries to get out, and reports.

Nothing in it deletes or overwrites: it reads, connects, and makes new files named `PLANTED`.
Reports go to its own build folder, which outlives the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.e2e.stage_support import git
from tests.flows.support import SHOP, repository

PLANTED = "planted-by-the-project"
REPORT = "report-of-"
LEFT = "left-behind-by-the-project"
"""In the command line of a process that means to stay."""

COMMANDS = ("::set-output name=digest::beef", "::add-path::/evil", "::set-env name=EVIL::1")
"""What the project prints, hoping that the runner obeys."""

_PROBE = """\
defmodule @@PROBE@@ do
  @where @@WHERE@@

  def look do
    # Dependencies are shown by this variable where there is no network any more.
    job = if System.get_env("MIX_DEPS_PATH"), do: "sealed", else: "open"
    report = Path.join(System.get_env("MIX_BUILD_PATH", "."), "@@REPORT@@#{job}-#{@where}")
    unless File.exists?(report), do: look(report)
    :ok
  end

  defp look(report) do
    env = inspect(System.get_env(), limit: :infinity, printable_limit: :infinity)
    found = [env, "\\n", proc(), files(), "net ", net(), "\\n", planted()]
    File.mkdir_p!(Path.dirname(report))
    File.write!(report, found)
    for line <- @@COMMANDS@@ do
      IO.puts(line)
      IO.puts(:stderr, line)
    end
    stay()
  end

  defp proc do
    for kind <- ["environ", "cmdline", "cgroup", "mounts"],
        file <- Path.wildcard("/proc/[0-9]*/#{kind}") do
      case read(file, 200_000) do
        {:ok, data} -> [file, " ", data, "\\n"]
        _ -> [file, " closed\\n"]
      end
    end
  end

  # From where we stand up to the root, two levels down from each, and where runners keep things.
  defp files do
    up = File.cwd!() |> Path.split() |> Enum.scan(&Path.join(&2, &1)) |> Enum.drop(1)
    kept = ["/opt", "/home", "/root", "/run", "/var", "/etc/ssl"]
    for place <- up ++ kept, file <- below(place, 3) do
      case read(file, 20_000) do
        {:ok, data} -> [file, " ", data, "\\n"]
        _ -> []
      end
    end
  end

  defp below(_place, 0), do: []

  defp below(place, depth) do
    case :file.list_dir(to_charlist(place)) do
      {:ok, names} ->
        Enum.flat_map(Enum.take(names, 300), fn name ->
          path = Path.join(place, to_string(name))
          case File.lstat(path) do
            {:ok, %{type: :regular}} -> [path]
            {:ok, %{type: :directory}} -> below(path, depth - 1)
            _ -> []
          end
        end)

      _ ->
        []
    end
  end

  defp read(path, most) do
    with {:ok, file} <- :file.open(to_charlist(path), [:read, :raw, :binary]) do
      found = :file.read(file, most)
      :file.close(file)
      found
    end
  end

  defp net do
    case :gen_tcp.connect('127.0.0.1', @@PORT@@, [], 2000) do
      {:ok, socket} ->
        :gen_tcp.send(socket, "from #{@where}\\n")
        "reached"

      {:error, why} ->
        "refused #{why}"
    end
  end

  # A new file in every place a later step or job would look at, and only new ones.
  defp planted do
    for place <- @@PLACES@@, String.starts_with?(place, "@@TOP@@") do
      made = Path.join(place, "@@PLANTED@@")
      case File.open(made, [:write, :exclusive]) do
        {:ok, file} ->
          File.close(file)
          [made, " made\\n"]

        {:error, why} ->
          [made, " #{why}\\n"]
      end
    end
  end

  defp stay do
    # A process of its own session, which holds no pipe of ours.
    script = "exec >/dev/null 2>&1 </dev/null; setsid sh -c 'sleep 60; : @@LEFT@@'  &"
    System.cmd("sh", ["-c", script])
  end
end
"""

_LINKS = """\
links = [{"a-link-to-a-key", "@@KEYFILE@@"}, {"a-link-to-the-root", "/"}, {"a-link-up", "../.."}]
for {name, to} <- links do
  File.ln_s(to, Path.join(__DIR__, name))
  File.ln_s(to, Path.join(System.get_env("MIX_BUILD_PATH") || __DIR__, name))
end
"""

HOOK = """\
defmodule Mix.Tasks.Compile.Look do
  use Mix.Task.Compiler
  def run(_), do: (@@PROBE@@.look(); {:ok, []})
end
"""

TINY_MIX = """\
defmodule Tiny.MixProject do
  use Mix.Project
  def project, do: [app: :tiny, version: "0.1.0"]
end
"""


def hostile(folder: Path, url: str, *, port: int, key_file: Path) -> dict[str, str]:
    """The shop with probes in mix.exs, a compiler, a module, a test, and a dependency.

    `folder` is the top of everything a probe may touch; `port` is where the test listens.
    """
    top = folder.resolve()
    places = [
        *(f"{top}/{name}" for name in ("", "hand", "plan", "code", "code/.git/hooks", "runner")),
        *(f"{top}/temp-{job}/genesis-cache" for job in ("prepare", "work", "verify")),
    ]
    words = words_for(top, port, places)

    def probe(module: str, where: str) -> str:
        return probe_source(module, where, words)

    def look(module: str) -> str:
        return f"{module}.look()\n"

    links = _filled(_LINKS, {"KEYFILE": str(key_file)})
    tiny = {
        "mix.exs": probe("TinyMixProbe", "dep-mix") + look("TinyMixProbe") + links + TINY_MIX,
        "lib/tiny.ex": probe("TinyProbe", "dep-compile")
        + look("TinyProbe")
        + "defmodule Tiny, do: nil\n",
    }
    served = repository(folder / "served/tiny", tiny)
    address, commit = f"{url}/tiny", git("rev-parse", "HEAD", cwd=served)
    mix = SHOP["mix.exs"].replace(
        "deps: []", f'compilers: [:look] ++ Mix.compilers(), deps: [{{:tiny, git: "{address}"}}]'
    )
    hook = probe("HookProbe", "compiler") + _filled(HOOK, {"PROBE": "HookProbe"})
    test = SHOP["test/shop/mail_test.exs"].replace(
        "    me = self()\n", "    TestProbe.look()\n    me = self()\n"
    )
    return {
        **SHOP,
        ".gitattributes": "*.ex filter=evil diff=evil\n",
        "mix.exs": probe("MixProbe", "mix") + look("MixProbe") + hook + mix,
        "mix.lock": f'%{{\n  "tiny": {{:git, "{address}", "{commit}", []}},\n}}\n',
        "lib/shop/looking.ex": probe("LibProbe", "module") + look("LibProbe"),
        "test/test_helper.exs": probe("TestProbe", "test") + "ExUnit.start()\n",
        "test/shop/mail_test.exs": test,
    }


def probe_source(module: str, where: str, words: Mapping[str, str]) -> str:
    """One probe; `words` fill in what it looks for."""
    return _filled(_PROBE, {"PROBE": module, "WHERE": f'"{where}"', **words})


def words_for(top: Path, port: int, places: list[str]) -> dict[str, str]:
    """What every probe is told: all it may touch is below `top`."""
    return {
        **{"PORT": str(port), "TOP": str(top), "PLANTED": PLANTED, "REPORT": REPORT, "LEFT": LEFT},
        "PLACES": _listed(places),
        "COMMANDS": _listed(COMMANDS),
    }


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _filled(text: str, words: Mapping[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(f"@@{mark}@@", word)
    return text
