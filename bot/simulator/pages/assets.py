"""The style sheet and the script, under addresses that change with their content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).with_name("static")
KINDS = {
    "icon.svg": "image/svg+xml",
    "live.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
}
CONTENT = {name: (FOLDER / name).read_bytes() for name in KINDS}
BASE = "/_simulator/assets"


def address_of(name: str) -> str:
    return f"{BASE}/{name}?{sha256(CONTENT[name]).hexdigest()[:12]}"
