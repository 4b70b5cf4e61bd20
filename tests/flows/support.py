"""Small Elixir projects in real git repositories."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.flows.plan_goal import plan_goal
from bot.flows.run_plan import run_plan
from bot.flows.session import DEFAULT_GOAL, Session
from bot.settings import load_settings

MIX = """\
defmodule Shop.MixProject do
  use Mix.Project

  def project, do: [app: :shop, version: "0.1.0", elixir: "~> 1.12", deps: []]

  def application, do: [extra_applications: [:logger], mod: {Shop.Application, []}]
end
"""

APPLICATION = """\
defmodule Shop.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = []

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
"""

SPAWNING = """\
defmodule Shop.Mail do
  def send_later(fun) when is_function(fun, 0) do
    spawn(fun)
    :ok
  end
end
"""

MAIL_TEST = """\
defmodule Shop.MailTest do
  use ExUnit.Case, async: true

  test "sends" do
    me = self()
    assert Shop.Mail.send_later(fn -> send(me, :sent) end) == :ok
    assert_receive :sent
  end
end
"""

SHOP: dict[str, str] = {
    "mix.exs": MIX,
    ".formatter.exs": '[inputs: ["{mix,.formatter}.exs", "{lib,test}/**/*.{ex,exs}"]]\n',
    ".gitignore": "/_build/\n/deps/\n",
    "lib/shop/application.ex": APPLICATION,
    "lib/shop/mail.ex": SPAWNING,
    "test/test_helper.exs": "ExUnit.start()\n",
    "test/shop/mail_test.exs": MAIL_TEST,
}
"""An application with one raw spawn and a green suite."""


def git(root: Path, *args: str) -> str:
    """Plain git, as a user has it."""
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def written(root: Path, files: Mapping[str, str | bytes] = SHOP) -> Path:
    """A folder with these files in it."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def repository(root: Path, files: Mapping[str, str | bytes] = SHOP) -> Path:
    """A repository with these files committed."""
    written(root, files)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "First")
    return root


def session(root: Path, cache: Path, **changes: object) -> Session:
    """A session on the repository's HEAD with a cache of its own."""
    opened = Repository.open(root, load_settings(cache_dir=cache, jobs=1, **changes))
    return Session(opened, opened.head, DEFAULT_GOAL)


def fingerprint(root: Path) -> dict[str, bytes]:
    """Every file of a checkout and its index, to show that nothing was touched."""
    kept = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}
    return {
        name: path.read_bytes()
        for name, path in kept.items()
        if not name.startswith(".git/") or name in (".git/index", ".git/HEAD")
    }


def shared_run(factory: pytest.TempPathFactory) -> Path:
    """A finished run on the shop (`shop`, `cache`), made once for all workers; copy before use."""
    # Every worker has a directory of its own below the one of the whole test run.
    base = factory.getbasetemp()
    top = (base.parent if base.name.startswith("popen-") else base) / "shared-run"
    top.mkdir(exist_ok=True)
    with (top / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (top / "done").exists():
            run_plan(session(repository(top / "made" / "shop"), top / "made" / "cache"))
            (top / "done").touch()
    return top / "made"


def copy_of_run(factory: pytest.TempPathFactory, target: Path) -> Path:
    """A copy of the shared run, free to be changed."""
    shutil.copytree(shared_run(factory), target, symlinks=True)
    return target


def planned_session(root: Path, cache: Path) -> Session:
    """A session with a stored plan, nothing carried out."""
    opened = session(root, cache)
    made = plan_goal(opened.survey, goal=opened.goal, plan_id="local-1", commit=opened.commit)
    opened.save_new_plan(made)
    return opened
