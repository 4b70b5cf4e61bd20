"""`make story-serverless`: the same plan without a server; the bot is a job of GitHub Actions.

Twice: as the App, and with nothing but the job's own token. The repository has no workflow of ours
at first; people add them, set the secrets and go on as in `make story`. GitHub's clock, which
starts the bot every few minutes, is a thread here: the local GitHub has none.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from nacl.public import PublicKey, SealedBox

from bot.flows.stage_run.caller import BOT_FILE, CALLER_FILE, bot_workflow, caller_workflow
from examples.story.cast import OWNER, ROOT, Cast, Failed, playing
from examples.story.plot import play

CLOCK = 20.0
"""Seconds without a run of the bot after which the clock starts one; GitHub's takes minutes."""
CONFIG = "dispatch_checks: [ci.yml]\n"
"""What the token of a job pushes starts no workflow: the bot starts the team's checks."""


def main() -> int:
    """0 when both ways went as told."""
    return max(told(as_app=True), told(as_app=False))


def told(*, as_app: bool) -> int:
    """One way, from a repository without us to a plan that is done."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="genesis-story.") as name:
        folder = Path(name)
        kiosk = folder / "kiosk"
        shutil.copytree(ROOT / "examples" / "kiosk", kiosk, ignore=shutil.ignore_patterns("_build"))
        with playing(folder, kiosk) as cast:
            how = "as the App" if as_app else "with the token of its job"
            cast.tell(f"A local GitHub at {cast.said['url']}; the bot is a job, {how}")
            try:
                set_up(cast, as_app=as_app)
                with clock(cast):
                    play(cast)
            except (Failed, httpx.HTTPError) as error:
                cast.tell(f"FAILED: {error}\n\n{last_words(cast)}")
                return 1
            cast.tell(f"told in {time.monotonic() - began:.0f} s\n")
    return 0


def set_up(cast: Cast, *, as_app: bool) -> None:
    """What people do once: two files, one or two secrets, and without an App two settings."""
    app = cast.said["app"]
    words = {"owner": OWNER, "ref": "main", "version": "0.1.0"}
    number = int(app["id"]) if as_app else 0
    bot = bot_workflow(**words, branch="main", app_id=number, checks=("CI",))
    put(cast, f".github/workflows/{CALLER_FILE}", caller_workflow(**words))
    put(cast, f".github/workflows/{BOT_FILE}", bot)
    if as_app:
        secret(cast, "GENESIS_PRIVATE_KEY", Path(app["private_key"]).read_text())
        return
    secret(cast, "GENESIS_SEAL", secrets.token_hex(32))
    cast.ask(
        "admin",
        "PUT",
        "/actions/permissions/workflow",
        default_workflow_permissions="read",
        can_approve_pull_request_reviews=True,
    )
    checks = (ROOT / "examples" / "kiosk" / ".github" / "workflows" / "ci.yml").read_text()
    put(cast, ".github/workflows/ci.yml", checks.replace("on:\n", "on:\n  workflow_dispatch:\n", 1))
    put(cast, ".github/otp-genesis.yml", CONFIG)


def put(cast: Cast, path: str, text: str) -> None:
    """A file on the default branch."""
    known = cast.ask("admin", "GET", "/git/trees/main?recursive=1")["tree"]
    sha = next((entry["sha"] for entry in known if entry["path"] == path), None)
    body = {"message": f"Add {path}", "content": base64.b64encode(text.encode()).decode()}
    cast.ask("admin", "PUT", f"/contents/{path}", **body, **({"sha": sha} if sha else {}))
    cast.tell(f"admin puts {path} on the default branch")


def secret(cast: Cast, name: str, value: str) -> None:
    """A secret of the repository, sealed as the API wants it."""
    key = cast.ask("admin", "GET", "/actions/secrets/public-key")
    box = SealedBox(PublicKey(base64.b64decode(key["key"])))
    sealed = base64.b64encode(box.encrypt(value.encode())).decode()
    cast.ask(
        "admin", "PUT", f"/actions/secrets/{name}", encrypted_value=sealed, key_id=key["key_id"]
    )
    cast.tell(f"admin sets the secret {name}")


@contextmanager
def clock(cast: Cast) -> Iterator[None]:
    """Starts the bot when it has not run for a while, as the schedule of its workflow would."""
    stop = threading.Event()
    thread = threading.Thread(target=_tick, args=(cast, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _tick(cast: Cast, stop: threading.Event) -> None:
    where = f"{cast.here}/actions/workflows/{BOT_FILE}"
    headers = {"authorization": f"Bearer {cast.said['tokens']['admin']}"}
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        while not stop.wait(CLOCK):
            runs = client.get(f"{where}/runs", params={"per_page": 5}).json()["workflow_runs"]
            if all(run["status"] == "completed" for run in runs):
                client.post(f"{where}/dispatches", json={"ref": "main"}).raise_for_status()


def last_words(cast: Cast) -> str:
    """How the runs of the bot went, and the end of the last one's log."""
    runs = cast.get("/actions/runs?per_page=20")["workflow_runs"]
    rows = [f"{run['event']} {run['display_title']}: {run['conclusion']}" for run in runs]
    logs = [one["id"] for one in runs if one["path"].endswith(BOT_FILE)][:1]
    jobs = cast.get(f"/actions/runs/{logs[0]}/jobs")["jobs"] if logs else []
    texts = [cast.text(f"/actions/jobs/{job['id']}/logs") for job in jobs]
    return "\n".join([*rows, *(text[-4000:] for text in texts)])


if __name__ == "__main__":
    sys.exit(main())
