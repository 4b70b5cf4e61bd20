"""`python -m scripts.sbom FOLDER`: what a release is made to run with, as CycloneDX.

One document a lock: `run` is the least, `models` and `server` have their extra besides. Each names
every locked package with its hashes; they list, they draw no graph of who needs whom. The generator
checks what it writes against CycloneDX's own schema, and we check that nothing was left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("run", "models", "server")
_ENTRY = re.compile(r"\n(?=\S)")
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

Pins = dict[tuple[str, str], frozenset[str]]


def pins(lock: str) -> Pins:
    """Name and version of each locked package, with the sums of its files."""
    found: Pins = {}
    for entry in _ENTRY.split(lock.strip()):
        pin = _PIN.match(entry)
        if pin is None:
            raise SystemExit(f"a lock has a line that is no pin: {entry[:80]!r}")
        found[pin[1], pin[2]] = frozenset(_HASH.findall(entry))
    return found


def components(sbom: dict[str, Any]) -> Pins:
    """The same of a CycloneDX document."""
    return {
        (part["name"], part["version"]): frozenset(
            digest["content"]
            for reference in part.get("externalReferences", ())
            for digest in reference.get("hashes", ())
        )
        for part in sbom["components"]
    }


def write(lock: str, folder: Path) -> Path:
    """The document of one lock below `folder`; ends the program where it is not the whole lock."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    target = folder / f"otp-genesis-{version}-{lock}.cdx.json"
    path = ROOT / "requirements" / f"{lock}.txt"
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--output-reproducible", "--of", "JSON", "--sv", "1.6", "-o", str(target)]
    subprocess.run([*command, str(path)], check=True, cwd=ROOT)  # noqa: S603 - argv only
    sbom = json.loads(target.read_text())
    missing = set(pins(path.read_text()).items()) ^ set(components(sbom).items())
    if missing:
        raise SystemExit(f"{target.name} and {path.name} differ in {sorted(x[0] for x in missing)}")
    if sbom["metadata"]["component"]["version"] != version:
        raise SystemExit(f"{target.name} is of another version")
    return target


def main() -> None:
    """Writes one document a lock and says where."""
    (name,) = sys.argv[1:] or ["dist"]
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True)
    for lock in LOCKS:
        print(write(lock, folder))


if __name__ == "__main__":
    main()
