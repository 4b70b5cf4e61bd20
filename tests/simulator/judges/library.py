"""The fetched packages in `.judges/`, and their descriptions in a compact, quickly loaded form."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".judges"
PACKAGES = FOLDER / "node_modules"
EMULATOR = PACKAGES / "emulate" / "dist" / "index.js"
NODE_NEEDED = 20


def missing() -> str:
    """Why the judges cannot sit; empty when they can."""
    if any(FOLDER.glob("fetched-*")):
        return ""
    return "THE OUTSIDE JUDGES ARE NOT HERE: run `make judges` (needs npm)"


def emulator_missing() -> str:
    """Why the emulator cannot be run; empty when it can."""
    if reason := missing():
        return reason
    node = shutil.which("node")
    if node is None:
        return "THERE IS NO NODE: the emulator cannot be run"
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    major = int(done.stdout.removeprefix("v").partition(".")[0])
    if major < NODE_NEEDED:
        return f"NODE IS {done.stdout.strip()}: the emulator needs {NODE_NEEDED} or newer"
    return ""


def rest_description() -> Any:
    """OpenAPI 3.0 of the REST API of github.com."""
    return json.loads((PACKAGES / "@octokit/openapi/generated/api.github.com.json").read_bytes())


def webhook_description() -> Any:
    """OpenAPI 3.1 of the webhooks of github.com."""
    path = PACKAGES / "@octokit/openapi-webhooks/generated/api.github.com.json"
    return json.loads(path.read_bytes())


def webhook_examples() -> dict[str, list[Any]]:
    """Event -> example payloads, as GitHub's documentation shows them; not all are valid."""
    path = PACKAGES / "@octokit/webhooks-examples/api.github.com/index.json"
    return {entry["name"]: entry["examples"] for entry in json.loads(path.read_bytes())}


def compacted(name: str, make: Callable[[], Any], *sources: str) -> Any:
    """`make()`, kept in `.judges/` until a module that shapes it (`sources`) is newer."""
    cache = FOLDER / f"{name}.json"
    newest = max(Path(source).stat().st_mtime for source in sources)
    if cache.exists() and cache.stat().st_mtime > newest:
        return json.loads(cache.read_bytes())
    value = make()
    # Several test workers may do this at once: each moves a whole file into place.
    fresh = cache.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(value, separators=(",", ":")))
    fresh.replace(cache)
    return value
