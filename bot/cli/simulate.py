"""`genesis simulate`: becomes the local GitHub's own process."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer

from bot.errors import Unusable

AS_ROOT = (
    "genesis simulate: running as root, so steps of workflows can change anything on this"
    " machine; serve only code that you would run so yourself"
)
NEEDS = (
    "fastapi uvicorn uvloop httptools jwt httpx nacl graphql nh3 multipart mdit_py_plugins".split()
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Folders to serve as repositories; [OWNER/]NAME=PATH names one.",
        show_default=False,
    ),
]
State = Annotated[
    Path | None,
    typer.Option(help="Where everything is kept; default: one place for each first PATH."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Lose the kept state first.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0: a free one.", min=0, max=65_535)]
Owner = Annotated[str, typer.Option(help="Organization that owns the repositories.")]
Private = Annotated[bool, typer.Option("--private", help="Private repositories.")]
FreePlan = Annotated[
    bool, typer.Option("--free-plan", help="No drafts in private repositories, as GitHub Free.")
]
WebhookUrl = Annotated[str, typer.Option(help="Where the App's events are sent.")]
Limits = Annotated[bool, typer.Option("--limits/--no-limits", help="Enforce GitHub's rate limits.")]
FaultFile = Annotated[
    Path | None,
    typer.Option(help="JSON file of what is to go wrong: lost deliveries, 5xx and more."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Addresses, tokens and keys as one JSON line.")
]


def simulate(
    paths: Paths = None,
    state: State = None,
    fresh: Fresh = False,
    host: Host = "127.0.0.1",
    port: Port = 4400,
    owner: Owner = "acme",
    private: Private = False,
    free_plan: FreePlan = False,
    webhook_url: WebhookUrl = "",
    limits: Limits = True,
    faults: FaultFile = None,
    as_json: AsJson = False,
) -> None:
    """A GitHub on this machine, over copies of your folders: API, git, webhooks, Actions, pages.

    Nothing leaves the machine and the folders themselves are never written. Stop it with Ctrl-C;
    the same command goes on where it stopped.
    """
    _check_installed()
    sources = [source_of(str(path), owner) for path in paths or [Path()]]
    options = {
        # git, for one, works elsewhere.
        "state": str((state or default_state(sources[0]["path"])).absolute()),
        "sources": sources,
        "host": host,
        "port": port,
        "private": private,
        "free_plan": free_plan,
        "webhook_url": webhook_url,
        "enforce_limits": limits,
        "faults": _plan_in(faults),
        "fresh": fresh,
        "json_output": as_json,
    }
    if os.geteuid() == 0:
        typer.echo(AS_ROOT, err=True)
    # A process of its own: the simulator shares nothing with the bot but the network.
    os.execv(sys.executable, [sys.executable, "-m", "bot.simulator", json.dumps(options)])  # noqa: S606 - our own interpreter


def _plan_in(path: Path | None) -> Any:
    """Raises Unusable for a file that is not there or no JSON; the simulator judges the rest."""
    if path is None:
        return {}
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} cannot be read as JSON: {error}") from error


def source_of(text: str, owner: str) -> dict[str, str]:
    """`PATH`, `NAME=PATH` or `OWNER/NAME=PATH` as a source.

    Raises:
        Unusable: there is no such folder.
    """
    name, given, path = text.partition("=")
    folder = Path(path if given else text).resolve()
    if not folder.is_dir():
        raise Unusable(f"{folder} is no folder")
    if not given:
        # As GitHub names repositories.
        name = re.sub(r"[^A-Za-z0-9._-]", "-", folder.name.removesuffix(".git"))[:100] or "root"
    before, _, last = name.rpartition("/")
    return {"path": str(folder), "owner": before or owner, "name": last}


def default_state(path: str) -> Path:
    """One folder a source, so that two projects do not meet."""
    from hashlib import sha256

    base = Path(platformdirs.user_state_dir("otp-genesis")) / "simulator"
    return base / f"{Path(path).name}-{sha256(os.fsencode(path)).hexdigest()[:10]}"


def _check_installed() -> None:
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise Unusable(
            f"the simulator needs further packages: {', '.join(missing)}",
            hint="pip install 'otp-genesis[simulator]'",
        )
