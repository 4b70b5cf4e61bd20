"""Runs that talk to the simulator itself: git over HTTP and the API with the run's token."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from bot.simulator.app import create_app
from bot.simulator.options import Options, Source
from bot.simulator.seed import plant
from bot.simulator.urls import Urls
from bot.simulator.world import World
from tests.simulator.actions.service.staging import QUICK, Stage, workflow
from tests.simulator.support import Simulated, make_source
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

CHECKOUT = "uses: actions/checkout@v4"


class AtItsAddress(Simulated):
    """Clients call it by the address it listens at."""

    def client(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        made = super().client(token, **headers)
        made.base_url = httpx.URL(self.world.urls.api)
        return made


@asynccontextmanager
async def listening(tmp_path: Path, files: Mapping[str, str]) -> AsyncIterator[Stage]:
    """On a real port, which its addresses name."""
    source = make_source(tmp_path / "source" / "shop", {"README.md": "# Shop\n", **files})
    options = Options(
        state=tmp_path / "state", sources=(Source(path=source, name="shop"),), enforce_limits=False
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        world = World(options, Urls(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        app = create_app(world)
        await plant(world)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await eventually(lambda: server.started, "the server starts")
            stage = Stage(AtItsAddress(world, app))
            stage.engine.delays = QUICK
            yield stage
            for client in stage.sim.clients:
                await client.aclose()
        finally:
            server.should_exit = True
            await serving


def steps(*written: str, permissions: str = "") -> dict[str, str]:
    text = workflow("workflow_dispatch", extra=f"permissions: {permissions or '{}'}\n")
    lines = "".join(f"      - {step}\n" for step in written)
    return {".github/workflows/ci.yml": text.replace("      - run: true\n", lines)}


PUSH = (
    "run: |\n"
    "          git config user.name bot; git config user.email bot@example.invalid\n"
    "          echo more >> README.md; git commit -qam 'By Actions'\n"
    "          git push -q origin HEAD:refs/heads/made"
)


async def test_checkout_and_push_with_the_runs_token(tmp_path: Path) -> None:
    files = steps(CHECKOUT, "run: head -1 README.md", PUSH, permissions="{contents: write}")
    async with listening(tmp_path, files) as stage:
        run = await stage.dispatch()
        await stage.ended()
        log = stage.log(run)
        assert run.latest.conclusion == "success", log
        assert "# Shop" in log
        git = stage.sim.world.git(stage.sim.repository)
        made = git.ref("refs/heads/made")
        assert made is not None
        assert (await git.commit(made)).parents == (run.head_sha,)
        assert len(stage.runs) == 1


@pytest.mark.parametrize(
    ("permissions", "change", "message"),
    [
        ("{contents: read}", "README.md", "403"),
        ("{contents: write}", ".github/workflows/new.yml", "without `workflows` permission"),
    ],
)
async def test_a_push_beyond_the_tokens_permissions_is_refused(
    tmp_path: Path, permissions: str, change: str, message: str
) -> None:
    push = PUSH.replace("README.md; git", f"{change}; git add -A; git")
    async with listening(tmp_path, steps(CHECKOUT, push, permissions=permissions)) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "failure"
        assert message in stage.log(run)
        assert stage.sim.world.git(stage.sim.repository).ref("refs/heads/made") is None


API = (
    "run: |\n"
    "          python3 - <<'END'\n"
    "          import json, os, urllib.request\n"
    "          url = os.environ['GITHUB_API_URL'] + '/repos/acme/shop/issues'\n"
    "          head = {'authorization': 'Bearer ' + os.environ['TOKEN'], 'user-agent': 'x'}\n"
    "          body = json.dumps({'title': 'From a run'}).encode()\n"
    "          print(urllib.request.urlopen(urllib.request.Request(url, body, head)).status)\n"
    "          END\n"
    "        env: {TOKEN: '${{ github.token }}'}"
)


async def test_the_api_with_the_runs_token(tmp_path: Path) -> None:
    async with listening(tmp_path, steps(API, permissions="{issues: write}")) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "success", stage.log(run)
        (issue,) = stage.sim.world.tables.issues
        assert issue.title == "From a run"


async def test_actions_and_workflows_of_other_repositories_need_no_checkout(tmp_path: Path) -> None:
    called = "on: workflow_call\njobs:\n  in: {runs-on: x, steps: [{run: echo in-called}]}\n"
    caller = (
        "on: workflow_dispatch\njobs:\n"
        "  call: {uses: acme/shop/.github/workflows/called.yml@main}\n"
        "  use: {runs-on: x, steps: [{uses: acme/shop/greet@main}]}\n"
    )
    action = (
        "name: g\nruns:\n  using: composite\n  steps:\n"
        "    - {run: 'cat $GITHUB_ACTION_PATH/hi.txt', shell: bash}\n"
    )
    files = {
        ".github/workflows/ci.yml": caller,
        ".github/workflows/called.yml": called,
        "greet/action.yml": action,
        "greet/hi.txt": "hi-there\n",
    }
    async with listening(tmp_path, files) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "success"
        assert "in-called" in stage.log(run, "call/in")
        assert "hi-there" in stage.log(run, "use")


@pytest.mark.elixir
async def test_an_elixir_project_is_tested(tmp_path: Path) -> None:
    mix = (
        "defmodule S.MixProject do\n  use Mix.Project\n"
        '  def project, do: [app: :s, version: "0.1.0"]\nend\n'
    )
    test = 'defmodule STest do\n  use ExUnit.Case\n  test "adds", do: assert(1 + 1 == 2)\nend\n'
    setup = "{uses: erlef/setup-beam@v1, with: {otp-version: '26', elixir-version: '1'}}"
    files = steps(CHECKOUT, setup, "run: mix test", permissions="{contents: read}")
    # Started by the test file, ExUnit is now and then not there yet for what Mix has begun.
    helper = "ExUnit.start()\n"
    files |= {"mix.exs": mix, "test/s_test.exs": test, "test/test_helper.exs": helper}
    async with listening(tmp_path, files) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "success", stage.log(run)
        assert "1 test, 0 failures" in stage.log(run)
