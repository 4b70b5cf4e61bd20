"""A local GitHub with people, repositories of a test's own, and our App on it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
from pydantic import SecretStr

from bot.github.app_auth import App, Credentials
from bot.github.asking import GitHubSite
from bot.github.client import Client
from bot.github.pacing import Pace
from bot.github.purposes import Purpose
from bot.settings import Settings, load_settings
from tests.simulator.process import simulating
from tests.simulator.support import make_source

OURSELVES = "otp-genesis[bot]"
KIOSK = Path(__file__).parents[2] / "examples" / "kiosk"
SAMPLE = {
    path: (KIOSK / path).read_text()
    for path in ("mix.exs", "lib/kiosk/application.ex", "lib/kiosk/receipts.ex")
}
"""Files of a repository with something to do in stages 1 and 5."""
ROLES = {"maintainer": "maintain", "writer": "write", "triager": "triage", "reader": "read"}


@dataclass
class Hub:
    """A running simulator, from what it announced."""

    said: Mapping[str, Any]
    _hands: dict[str, httpx.Client] = field(default_factory=dict)
    _plain: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    _names: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def hand(self, login: str) -> httpx.Client:
        """Somebody's client of the API."""
        if login not in self._hands:
            token = self.said["tokens"][login]
            self._hands[login] = httpx.Client(
                base_url=self.said["api"],
                headers={"authorization": f"Bearer {token}"},
                follow_redirects=True,
                timeout=60,
            )
        return self._hands[login]

    def settings(self, state_dir: Path, **more: Any) -> Settings:
        """Those of a process that is our App here."""
        return load_settings(
            state_dir=state_dir,
            github_app_id=self.said["app"]["id"],
            github_private_key_file=Path(self.said["app"]["private_key"]),
            github_api_url=self.said["api"],
            github_server_url=self.said["url"],
            github_pace=0,
            **more,
        )

    def close(self) -> None:
        """Hang up."""
        for hand in (self._plain, *self._hands.values()):
            hand.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        """The simulator's own controls."""
        url = f"{self.said['url']}/_simulator{path}"
        answer = self._plain.request(method, url, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    @contextmanager
    def faults(self, *faults: Mapping[str, object]) -> Iterator[None]:
        """What goes wrong inside."""
        self.control("PUT", "/faults", {"faults": list(faults)})
        try:
            yield
        finally:
            self.control("DELETE", "/faults")

    @contextmanager
    def withheld(self, *permissions: str, account: str = "acme") -> Iterator[None]:
        """What the installation of an account lacks inside."""
        wanted = {"account": account, "permissions": list(permissions)}
        self.control("PUT", "/withheld", wanted)
        try:
            yield
        finally:
            self.control("PUT", "/withheld", wanted | {"permissions": []})

    def exchanges(self, after: int = 0, *, writes: bool = False) -> list[dict[str, Any]]:
        """What was asked of it, the newest 500; `writes` leaves out what only looked."""
        query = f"limit=500&after={after}&writes={int(writes)}"
        found: list[dict[str, Any]] = self.control("GET", f"/exchanges?{query}")
        return found

    def now(self) -> int:
        """Number of the newest exchange."""
        latest = self.control("GET", "/exchanges?limit=1")
        return latest[-1]["number"] if latest else 0

    def person(self, login: str, **roles: str) -> None:
        """A further person; roles by repository, with `__` for the slash."""
        named = {name.replace("__", "/"): role for name, role in roles.items()}
        made = self.control("POST", "/users", {"login": login, "roles": named})
        self.said["tokens"].setdefault(login, made["token"])

    def app(self, api: str = "", **options: Any) -> App:
        """Our App; `api` leads through another server."""
        key = SecretStr(Path(self.said["app"]["private_key"]).read_text())
        site = GitHubSite(api or self.said["api"], self.said["url"])
        return App(site, Credentials(self.said["app"]["id"], key), **options)

    def as_app(self, method: str, path: str) -> None:
        """What an owner does to an installation, which the API lets the App itself do, too."""
        at = int(datetime.now(UTC).timestamp())
        claims = {"iat": at - 5, "exp": at + 300, "iss": str(self.said["app"]["id"])}
        key = Path(self.said["app"]["private_key"]).read_text()
        headers = {"authorization": f"Bearer {jwt.encode(claims, key, algorithm='RS256')}"}
        answer = self._plain.request(method, f"{self.said['api']}{path}", headers=headers)
        assert answer.status_code == 204, answer.text

    def place(self, app: App, files: Mapping[str, str] | None = None, owner: str = "acme") -> Place:
        """A new private repository, with the roles by which people are named."""
        full_name = f"{owner}/place-{next(self._names)}"
        body = {"name": full_name.partition("/")[2], "auto_init": True, "private": True}
        made = self.hand("admin").post(f"/orgs/{owner}/repos", json=body)
        assert made.status_code == 201, made.text
        for login, role in ROLES.items():
            self.control("POST", "/users", {"login": login, "roles": {full_name: role}})
        place = Place(self, app, full_name)
        if files:
            place.commit("main", files)
        return place


@dataclass
class Place:
    """One repository, and what people do there."""

    hub: Hub
    app: App
    full_name: str

    def by(self, login: str, method: str, path: str, body: object = None, **query: object) -> Any:
        """What somebody does there; `path` is below the repository."""
        answer = self.raw(login, method, path, body, **query)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def raw(
        self, login: str, method: str, path: str, body: object = None, **query: Any
    ) -> httpx.Response:
        """The same, whatever comes of it."""
        where = f"/repos/{self.full_name}{path}"
        hand = self.hub.hand("admin") if login == OURSELVES else self.hub.hand(login)
        headers = {}
        if login == OURSELVES:
            purpose = _purpose(path)
            token = self.app.token(self.installation, self.full_name, purpose)
            headers = {"authorization": f"Bearer {token}"}
        return hand.request(method, where, json=body, params=query or None, headers=headers)

    @property
    def installation(self) -> int:
        return self.app.installation_of(self.full_name)

    def client(self, app: App | None = None, **options: Any) -> Client:
        """Ours, without a pace."""
        used = app or self.app
        return Client(used, self.installation, self.full_name, Pace(0, ()), **options)

    def issue(self, title: str = "Refactor", login: str = "writer", **more: object) -> int:
        """The number of a new issue."""
        return int(self.by(login, "POST", "/issues", {"title": title, **more})["number"])

    def say(self, number: int, text: str, login: str = "writer") -> int:
        """The id of a new comment."""
        return int(self.by(login, "POST", f"/issues/{number}/comments", {"body": text})["id"])

    def tip(self, branch: str) -> str:
        """The commit at the tip of a branch, empty where there is none."""
        answer = self.raw("admin", "GET", f"/git/ref/heads/{branch}")
        return str(answer.json()["object"]["sha"]) if answer.status_code == 200 else ""

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | None],
        login: str = "writer",
        *,
        parent: str = "",
        message: str = "Change",
        force: bool = False,
    ) -> str:
        """A commit on a branch, which is made where there is none; None takes a file away."""
        at = self.tip(branch)
        parent = parent or at or self.tip("main")
        new = self.loose(files, parent, login, message)
        if at:
            update = {"sha": new, "force": force}
            self.by(login, "PATCH", f"/git/refs/heads/{branch}", update)
        else:
            self.by(login, "POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": new})
        return new

    def loose(
        self,
        files: Mapping[str, str | None],
        parent: str,
        login: str = "writer",
        message: str = "Change",
    ) -> str:
        """A commit on no branch."""
        entries = [
            {"path": path, "mode": "100644", "type": "blob"}
            | ({"sha": None} if text is None else {"content": text})
            for path, text in files.items()
        ]
        base = self.by("admin", "GET", f"/git/commits/{parent}")["tree"]["sha"]
        tree = self.by(login, "POST", "/git/trees", {"base_tree": base, "tree": entries})["sha"]
        body = {"message": message, "tree": tree, "parents": [parent]}
        return str(self.by(login, "POST", "/git/commits", body)["sha"])

    def read(self, path: str, ref: str = "main") -> str:
        """A file as it stands."""
        found = self.by("admin", "GET", f"/contents/{path}", None, ref=ref)
        return base64.b64decode(found["content"]).decode()


def _purpose(path: str) -> Purpose:
    """With which token of ours we do something by hand."""
    if path.startswith(("/git", "/contents")):
        return "contents"
    return "reviews" if path.startswith("/pulls") else "issues"


@contextmanager
def local_hub(top: Path, *options: str, called: str = "acme/shop") -> Iterator[Hub]:
    """A local GitHub without limits, with one repository, in a folder of its own."""
    named = f"{called}={make_source(top / 'shop')}"
    with simulating(named, "--state", top / "github", "--no-limits", *options) as (_, said):
        hub = Hub(said)
        try:
            yield hub
        finally:
            hub.close()
