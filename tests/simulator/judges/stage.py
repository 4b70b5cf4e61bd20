"""Where scenarios play: githubkit, git, curl and bare HTTP, all through the recorder."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import httpx
from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub, TokenAuthStrategy
from githubkit.cache import MemCacheStrategy
from githubkit.exception import RequestFailed

from tests.simulator.judges.exchanges import ENTERPRISE_REST
from tests.simulator.judges.operations import Description
from tests.simulator.judges.peers import Simulator, running_simulator
from tests.simulator.judges.receiver import Receiver, receiving
from tests.simulator.judges.recorder import Recorder, recording
from tests.simulator.judges.serving import until

OWNER, REPO = "acme", "shop"
SHOP = f"/repos/{OWNER}/{REPO}"
VERSION: Literal["2026-03-10"] = "2026-03-10"
"""The version of the API that githubkit speaks. The published description is of 2022-11-28, whose
objects are those of the newer version with a few keys more; bare HTTP asks for that one."""
GITHUBS_NAMES = {"repos/compare-commits-with-basehead": "repos/compare-commits"}
"""Operations that the published description renamed for the sake of its own clients."""
TIMEOUT = 20.0
GIT_TIMEOUT = 60


class Client:
    """githubkit as one of the people or as the App; calls go by GitHub's operation ids."""

    def __init__(self, github: GitHub[Any], description: Description) -> None:
        self._rest: Any = github.rest(VERSION)
        self._description = description
        self.github = github

    def __call__(self, operation: str, *path: Any, **fields: Any) -> Any:
        """The typed body, None where there is none; a refusal raises RequestFailed.

        `path` fills the template after owner and repository; githubkit checks the types.
        """
        response = self._send(operation, *path, **fields)
        kind = response.headers.get("content-type", "")
        if response.status_code == 204 or not response.content:
            return None
        return response.parsed_data if kind.startswith("application/json") else response.content

    def refused(self, status: int, operation: str, *path: Any, **fields: Any) -> Any:
        """The error's body; fails unless the refusal has this status."""
        response = self._refusal(operation, *path, **fields)
        assert response is not None, f"{operation} was accepted"
        assert response.status_code == status, (operation, response.status_code, response.text)
        return response.json()

    def _refusal(self, operation: str, *path: Any, **fields: Any) -> httpx.Response | None:
        try:
            self._send(operation, *path, **fields)
        except RequestFailed as error:
            return error.response.raw_response
        return None

    def _send(self, operation: str, *path: Any, **fields: Any) -> Any:
        named = GITHUBS_NAMES.get(operation, operation)
        namespace, _, name = named.replace("-", "_").partition("/")
        template = self._description.operations[operation].template
        here = (OWNER, REPO) if template.startswith("/repos/{owner}/{repo}") else ()
        if len(path) == template.count("{"):
            here = ()  # the caller names another repository
        return getattr(getattr(self._rest, namespace), name)(*here, *path, **fields)


@dataclass
class Stage:
    """What a scenario plays with."""

    simulator: Simulator
    recorder: Recorder
    receiver: Receiver
    description: Description
    url: str
    """The recorder's, in place of the simulator's."""
    hook_url: str
    """The receiver's."""
    folder: Path
    app: Client
    """The App itself, with its JWT."""
    client: Callable[[Any], Client]
    """Makes one for an authentication of githubkit's."""
    http: httpx.Client
    people: Mapping[str, Client]
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def bot(self) -> Client:
        """The App's installation on acme."""
        (installation,) = self.app("apps/list-installations")
        key = self.simulator.private_key
        return self.client(
            AppInstallationAuthStrategy(self.simulator.app["id"], key, installation.id)
        )

    def __getattr__(self, login: str) -> Client:
        """`stage.writer` and the like."""
        try:
            return self.people[login]
        except KeyError:
            raise AttributeError(login) from None

    def ask(
        self,
        who: str,
        call: str,
        json: Any = None,
        *,
        accept: str = "application/vnd.github+json",
        **more: Any,
    ) -> httpx.Response:
        """Bare HTTP; `who` is a login, a token, or empty. Redirects are not followed."""
        method, _, path = call.partition(" ")
        headers = {"accept": accept, "user-agent": "conformance", **more.pop("headers", {})}
        if token := self.simulator.tokens.get(who, who):
            headers["authorization"] = f"Bearer {token}"
        return self.http.request(
            method, f"{self.url}{ENTERPRISE_REST}{path}", json=json, headers=headers, **more
        )

    def jwt(self) -> str:
        """The App's own token, for bare HTTP."""
        return self.simulator.peer().jwt(time.time())

    def graphql(self, who: str, query: str, **variables: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.simulator.tokens.get(who, who)}"}
        body = {"query": query, "variables": variables}
        return self.http.post(f"{self.url}/api/graphql", json=body, headers=headers)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """The output of the git binary."""
        env = os.environ | {"GIT_ALLOW_PROTOCOL": "file:http"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT,
        )
        assert done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done.stdout

    def clone_url(self, who: str, repository: str = f"{OWNER}/{REPO}") -> str:
        """With the person's token, as one would paste it."""
        scheme, _, host = self.url.partition("://")
        return f"{scheme}://{who}:{self.simulator.tokens[who]}@{host}/{repository}.git"

    def curl(self, *arguments: str) -> str:
        """The output of curl; tests on machines without it do the rest."""
        if shutil.which("curl") is None:
            return ""
        command = ["curl", "--silent", "--show-error", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def head(self, branch: str = "main") -> str:
        sha: str = self.writer("git/get-ref", f"heads/{branch}").object_.sha
        return sha

    def branch(self, name: str, files: Mapping[str, str], base: str = "main") -> str:
        """A branch one commit ahead of `base`; its commit."""
        parent = self.head(base)
        tree = self.writer("git/get-commit", parent).tree.sha
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "content": text}
            for path, text in files.items()
        ]
        made = self.writer("git/create-tree", base_tree=tree, tree=entries)
        commit = self.writer(
            "git/create-commit", message=f"Begin {name}", tree=made.sha, parents=[parent]
        )
        self.writer("git/create-ref", ref=f"refs/heads/{name}", sha=commit.sha)
        sha: str = commit.sha
        return sha

    def pull(self, name: str, text: str = "one\ntwo\nthree\n", **fields: Any) -> Any:
        """A pull request of the writer that adds the file `<name>.txt`."""
        self.branch(name, {f"{name}.txt": text})
        return self.writer("pulls/create", title=f"Add {name}", head=name, base="main", **fields)


@contextmanager
def staged(folder: Path, source: Path, description: Description) -> Iterator[Stage]:
    """A simulator over `source` as acme/shop, with all that records and drives it."""
    with ExitStack() as stack:
        hook_url, receiver = stack.enter_context(receiving())
        simulator = stack.enter_context(
            running_simulator(folder, {REPO: source}, webhook_url=hook_url)
        )
        receiver.secrets.append(simulator.app["webhook_secret"])
        url, recorder = stack.enter_context(recording(simulator.url))
        api = f"{url}{ENTERPRISE_REST}/"

        # Not the cache of the whole process, which goes by the App's id alone.
        tokens = MemCacheStrategy()

        def client(auth: Any) -> Client:
            github: GitHub[Any] = GitHub(
                auth,
                cache_strategy=tokens,
                base_url=api,
                http_cache=False,
                auto_retry=False,
                trust_env=False,
                timeout=TIMEOUT,
                rest_api_validate_body=False,
            )
            return Client(stack.enter_context(github), description)

        yield Stage(
            simulator=simulator,
            recorder=recorder,
            receiver=receiver,
            description=description,
            url=url,
            hook_url=hook_url,
            folder=folder,
            app=client(AppAuthStrategy(simulator.app["id"], simulator.private_key)),
            client=client,
            http=stack.enter_context(httpx.Client(trust_env=False, timeout=TIMEOUT)),
            people={
                login: client(TokenAuthStrategy(token)) for login, token in simulator.tokens.items()
            },
        )


__all__ = ["OWNER", "REPO", "SHOP", "Client", "Stage", "staged", "until"]
