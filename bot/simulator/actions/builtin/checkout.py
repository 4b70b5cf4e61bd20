"""actions/checkout: real git over the simulator's own HTTP, with the job's token."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.runner.clearing import empty
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import folder as folder_at
from bot.simulator.actions.runner.inside import read_bytes, write_file
from bot.simulator.actions.runner.use import Use

INPUTS = {
    "repository": "${{ github.repository }}",
    "ref": "",
    "token": "${{ github.token }}",
    "ssh-key": "",
    "ssh-known-hosts": "",
    "ssh-strict": "true",
    "ssh-user": "git",
    "persist-credentials": "true",
    "path": "",
    "clean": "true",
    "filter": "",
    "sparse-checkout": "",
    "sparse-checkout-cone-mode": "true",
    "fetch-depth": "1",
    "fetch-tags": "false",
    "show-progress": "true",
    "lfs": "false",
    "submodules": "false",
    "set-safe-directory": "true",
    "github-server-url": "",
}
UNSUPPORTED = ("ssh-key", "filter", "sparse-checkout")
HEADER = re.compile(rb"\n?\textraheader = AUTHORIZATION: .*")
MAX_CONFIG = 2**20
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
HISTORY: tuple[str, ...] = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GCM_INTERACTIVE": "Never"}


@dataclass(frozen=True)
class Source:
    """What to fetch: `spec` is a refspec, `start` what to check out, `branch` its local name."""

    spec: str
    start: str
    branch: str = ""


async def check_out(use: Use) -> None:
    _refuse_unsupported(use)
    repository = use.need("repository")
    if not REPOSITORY.fullmatch(repository):
        raise StepFailed(
            f"Invalid repository '{repository[:200]}'. Expected format {{owner}}/{{repo}}."
        )
    folder = _folder(use)
    use.say(f"Syncing repository: {repository}")
    git = Git(use, folder)
    await git.prepare(repository)
    source = await _source(use, git, repository)
    await git.fetch(source, _depth(use))
    await git.check_out(source)
    commit = await git.ask("log", "-1", "--format=%H")
    use.say(commit)
    use.give(ref=use.inputs["ref"] or use.github("ref"), commit=commit)
    if use.flag("persist-credentials"):
        git.keep_credentials()
        use.after(f"Post {use.running.step.name or 'Run ' + use.uses}", git.forget_credentials)


def _refuse_unsupported(use: Use) -> None:
    for name in UNSUPPORTED:
        if use.inputs[name]:
            raise StepFailed(f"actions/checkout: the input '{name}' is not supported here")
    for name in ("lfs", "submodules"):
        if use.inputs[name].lower() not in ("false", ""):
            raise StepFailed(f"actions/checkout: the input '{name}' is not supported here")


def _folder(use: Use) -> Path:
    """Below the work space by its name; that no link leads out of it, `prepare` sees to."""
    path = use.inputs["path"]
    folder = Path(os.path.normpath(use.workspace / path))
    if "\0" in path or not folder.is_relative_to(use.workspace):
        raise StepFailed(f"Repository path '{folder}' is not under '{use.workspace}'")
    return folder


def _depth(use: Use) -> int:
    text = use.inputs["fetch-depth"].strip()
    return int(text) if text.isdecimal() and len(text) < 9 else 0


async def _source(use: Use, git: Git, repository: str) -> Source:
    """As the action decides: the event's commit, a commit, a full ref, a branch, a tag."""
    ref = use.inputs["ref"]
    if not ref and repository.lower() == use.github("repository").lower():
        return _full(use.github("ref"), use.github("sha"))
    if COMMIT.fullmatch(ref):
        return Source(f"+{ref}", ref)
    if not ref:
        return _full(await git.default_branch())
    if ref.startswith("refs/"):
        return _full(ref)
    known = await git.ask("ls-remote", "--", "origin", f"refs/heads/{ref}", f"refs/tags/{ref}")
    names = [line.split("\t")[1] for line in known.splitlines() if "\t" in line]
    if not names:
        raise StepFailed(
            f"A branch or tag with the name '{ref[:200]}' could not be found in {repository}"
        )
    return _full(f"refs/heads/{ref}" if f"refs/heads/{ref}" in names else f"refs/tags/{ref}")


def _full(ref: str, commit: str = "") -> Source:
    kind, _, name = ref.removeprefix("refs/").partition("/")
    match kind:
        case "heads":
            local = f"refs/remotes/origin/{name}"
            return Source(f"+{commit or ref}:{local}", local, name)
        case "pull":
            local = f"refs/remotes/pull/{name}"
            return Source(f"+{commit or ref}:{local}", local)
        case "tags":
            return Source(f"+{commit or ref}:{ref}", ref)
        case _:
            return Source(
                f"+{commit or ref}:refs/remotes/origin/{ref}", f"refs/remotes/origin/{ref}"
            )


@dataclass
class Git:
    use: Use
    folder: Path

    @property
    def server(self) -> str:
        return (self.use.inputs["github-server-url"] or self.use.github("server_url")).rstrip("/")

    @property
    def config(self) -> Path:
        return self.folder / ".git" / "config"

    def header(self) -> str:
        plain = f"x-access-token:{self.use.inputs['token']}".encode()
        return f"AUTHORIZATION: basic {base64.b64encode(plain).decode()}"

    async def prepare(self, repository: str) -> None:
        """An empty repository at the folder; what was there goes, as `clean` asks."""
        folders = self.use.job.folders
        try:
            with folder_at(folders.work, self.folder):
                await asyncio.to_thread(empty, folders.work, self.folder)
        except OSError as error:
            place = self.folder.relative_to(folders.root)
            raise StepFailed(f"'{place}' cannot be emptied: {error.strerror}") from error
        self.use.job.hide(self.header().split()[-1])
        self.use.say("##[group]Initializing the repository")
        await self.run("init", "--quiet", "--", str(self.folder))
        await self.run("remote", "add", "--", "origin", f"{self.server}/{repository}")
        self.use.say("##[endgroup]")

    async def fetch(self, source: Source, depth: int) -> None:
        self.use.say("##[group]Fetching the repository")
        options = ["--no-tags", "--prune", "--no-recurse-submodules"]
        if depth:
            options.append(f"--depth={depth}")
        if self.use.flag("fetch-tags"):
            options.remove("--no-tags")
        # The whole history first and by itself: a branch and a commit cannot go to one name.
        for specs in ([HISTORY] if depth == 0 else []) + [(source.spec,)]:
            await self.run("fetch", *options, "--end-of-options", "origin", *specs)
        self.use.say("##[endgroup]")

    async def check_out(self, source: Source) -> None:
        self.use.say("##[group]Checking out the ref")
        if source.branch:
            await self.run("checkout", "--force", "-B", source.branch, source.start, "--")
        else:
            await self.run("checkout", "--force", "--detach", source.start, "--")
        self.use.say("##[endgroup]")

    async def default_branch(self) -> str:
        found = re.search(
            r"^ref: (\S+)\tHEAD$",
            await self.ask("ls-remote", "--symref", "--", "origin", "HEAD"),
            re.M,
        )
        if found is None:
            raise StepFailed("The repository has no default branch")
        return found[1]

    async def run(self, *arguments: str) -> None:
        shown = " ".join(arguments)
        self.use.say(f"[command]git {shown}")
        await self.use.call(["git", *arguments], self.folder, env=self.environment())

    async def ask(self, *arguments: str) -> str:
        lines: list[str] = []
        await self.use.call(
            ["git", *arguments], self.folder, env=self.environment(), hear=lines.append
        )
        return "\n".join(lines).strip()

    def environment(self) -> dict[str, str]:
        """The token goes by the environment: not into argv, which everybody can read."""
        return {
            **QUIET,
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": f"http.{self.server}/.extraheader",
            "GIT_CONFIG_VALUE_0": self.header(),
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": str(self.folder),
            "GIT_CONFIG_KEY_2": "gc.auto",
            "GIT_CONFIG_VALUE_2": "0",
        }

    def keep_credentials(self) -> None:
        """For the git commands of later steps."""
        written = read_bytes(self.folder, self.config, MAX_CONFIG)
        section = f'[http "{self.server}/"]\n\textraheader = {self.header()}\n'
        write_file(self.folder, self.config, written + section.encode())

    async def forget_credentials(self) -> None:
        self.use.say(f"[command]git config --local --unset-all http.{self.server}/.extraheader")
        try:
            written = read_bytes(self.folder, self.config, MAX_CONFIG)
            write_file(self.folder, self.config, HEADER.sub(b"", written))
        except FileNotFoundError:
            return
        except OSError as error:
            self.use.warn(f"Unable to clean up the repository's config: {error.strerror}")


CHECKOUT = Builtin(INPUTS, check_out)
