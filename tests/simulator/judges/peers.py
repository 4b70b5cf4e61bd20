"""Two GitHubs that nobody wrote together, started with the same people and the same repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.ports import free_port
from tests.simulator.judges.library import EMULATOR, ROOT
from tests.simulator.judges.serving import until

PEOPLE = ("admin", "writer", "reader", "outsider")
APP_ID = 12345
APP_PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
STOPS_WITHIN = 15.0


@dataclass(frozen=True)
class Peer:
    """One running GitHub with the repository acme/shop."""

    name: str
    api: str
    tokens: Mapping[str, str]
    """Login -> token, for `PEOPLE`."""
    app_id: int
    private_key: str

    def jwt(self, now: float) -> str:
        """The App's own token."""
        claims = {"iat": int(now) - 30, "exp": int(now) + 300, "iss": str(self.app_id)}
        return jwt.encode(claims, self.private_key, algorithm="RS256")


@dataclass(frozen=True)
class Simulator:
    """The simulator as its own process, as `genesis simulate` starts it."""

    url: str
    api: str
    tokens: Mapping[str, str]
    app: Mapping[str, Any]
    process: subprocess.Popen[str]
    errors: Path

    @property
    def private_key(self) -> str:
        return Path(self.app["private_key"]).read_text()

    def stderr(self) -> str:
        return self.errors.read_text()

    def alive(self) -> bool:
        return self.process.poll() is None

    def peer(self) -> Peer:
        return Peer("simulator", self.api, self.tokens, self.app["id"], self.private_key)


@contextmanager
def running_simulator(
    folder: Path, sources: Mapping[str, Path], **options: Any
) -> Iterator[Simulator]:
    """Over `sources` (name -> folder), owned by acme; its state in `folder`."""
    chosen = {
        "state": str(folder / "state"),
        "sources": [{"path": str(path), "name": name} for name, path in sources.items()],
        "port": 0,
        "json_output": True,
        "enforce_limits": False,
        **options,
    }
    errors = folder / "stderr.txt"
    command = [sys.executable, "-m", "bot.simulator", json.dumps(chosen)]
    with errors.open("w") as sink, _process(command, sink) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the simulator did not start: {errors.read_text()}"
        said = json.loads(line)
        yield Simulator(said["url"], said["api"], said["tokens"], said["app"], process, errors)


@contextmanager
def running_emulator(folder: Path) -> Iterator[Peer]:
    """emulate with the same people, repository and App."""
    private_key = _new_key()
    seed = folder / "seed.json"
    seed.write_text(json.dumps(_seed(private_key)))
    port = free_port()
    command = ["node", str(EMULATOR), "start", "--service", "github"]
    command += ["--port", str(port), "--seed", str(seed)]
    api = f"http://127.0.0.1:{port}"
    tokens = {login: f"token_{login}" for login in PEOPLE}
    errors = folder / "stderr.txt"
    with errors.open("w") as sink, _process(command, sink) as process:
        until(lambda: _answers(api) or process.poll() is not None, "the emulator answers")
        assert process.poll() is None, f"the emulator did not start: {errors.read_text()}"
        peer = Peer("emulate", api, tokens, APP_ID, private_key)
        for login, permission in (("writer", "push"), ("reader", "pull")):
            _put(peer, f"/repos/acme/shop/collaborators/{login}", {"permission": permission})
        yield peer


@contextmanager
def _process(command: Sequence[str], errors: TextIO) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _answers(api: str) -> bool:
    try:
        return httpx.get(f"{api}/zen", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _put(peer: Peer, path: str, body: Any) -> None:
    headers = {"authorization": f"Bearer {peer.tokens['admin']}"}
    httpx.put(peer.api + path, json=body, headers=headers, trust_env=False).raise_for_status()


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def _seed(private_key: str) -> dict[str, Any]:
    installation = {"installation_id": 100, "account": "acme", "repository_selection": "all"}
    app = {
        "app_id": APP_ID,
        "slug": "otp-genesis",
        "name": "OTP Genesis",
        "private_key": private_key,
        "permissions": APP_PERMISSIONS,
        "events": [],
        "installations": [installation],
    }
    return {
        "tokens": {f"token_{p}": {"login": p, "scopes": ["repo", "user"]} for p in PEOPLE},
        "github": {
            "users": [{"login": login} for login in PEOPLE],
            "orgs": [{"login": "acme", "members": [{"login": "admin", "role": "admin"}]}],
            "repos": [{"owner": "acme", "name": "shop", "auto_init": True}],
            "apps": [app],
        },
    }
