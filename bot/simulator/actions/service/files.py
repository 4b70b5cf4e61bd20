"""The workflow files of a commit, read once, and the records of workflows."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from bot.simulator.actions.workflow import model
from bot.simulator.actions.workflow.document import MAX_BYTES, WorkflowError
from bot.simulator.actions.workflow.loader import load_workflow
from bot.simulator.git import BareRepository, Entry, TooLarge, UnknownObject
from bot.simulator.records.actions import Workflow
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

FOLDER = ".github/workflows"
ENDINGS = (".yml", ".yaml")
MAX_FILES = 200
REMEMBERED = 500

Loaded = model.Workflow | WorkflowError


@dataclass
class WorkflowFiles:
    """Reads are remembered by commit and by blob: what did not change is not read again."""

    world: World
    parsed: OrderedDict[tuple[str, str], Loaded] = field(default_factory=OrderedDict)
    commits: OrderedDict[tuple[int, str], dict[str, Loaded]] = field(default_factory=OrderedDict)

    async def at(self, repository: Repository, sha: str) -> dict[str, Loaded]:
        """By path; what is broken is there with what is wrong. Empty for a commit without any."""
        key = (repository.id, sha)
        found = self.commits.get(key)
        if found is None:
            found = self.commits[key] = await self._read(repository, sha)
            while len(self.commits) > REMEMBERED:
                self.commits.popitem(last=False)
        return found

    async def _read(self, repository: Repository, sha: str) -> dict[str, Loaded]:
        git = self.world.git(repository)
        found: dict[str, Loaded] = {}
        for entry in await _entries(git, sha):
            path = f"{FOLDER}/{entry.path.rpartition('/')[2]}"
            found[path] = await self._load(git, path, entry)
        return found

    async def one(self, repository: Repository, sha: str, path: str) -> Loaded | None:
        return (await self.at(repository, sha)).get(path)

    async def _load(self, git: BareRepository, path: str, entry: Entry) -> Loaded:
        key = (path, entry.sha)
        loaded = self.parsed.get(key)
        if loaded is None:
            loaded = self.parsed[key] = await _parse(git, path, entry)
            while len(self.parsed) > REMEMBERED:
                self.parsed.popitem(last=False)
        return loaded


async def _entries(git: BareRepository, sha: str) -> list[Entry]:
    try:
        folder = await git.entry_at(sha, FOLDER)
        entries = await git.tree(folder.sha) if folder.type == "tree" else []
    except UnknownObject:
        return []
    files = [e for e in entries if e.type == "blob" and e.path.endswith(ENDINGS)]
    return [e for e in files if e.mode != "120000"][:MAX_FILES]


async def _parse(git: BareRepository, path: str, entry: Entry) -> Loaded:
    try:
        if entry.size is not None and entry.size > MAX_BYTES:
            raise WorkflowError(f"The file is larger than {MAX_BYTES // 1024} KB", path)
        return load_workflow(await git.blob(entry.sha), path)
    except WorkflowError as error:
        return error
    except TooLarge:
        return WorkflowError(f"The file is larger than {MAX_BYTES // 1024} KB", path)


def note_workflows(
    world: World, repository: Repository, files: dict[str, Loaded], *, whole: bool
) -> None:
    """Keeps a record of each file. `whole`: these are the default branch's, the others are gone."""
    for path, loaded in files.items():
        _note(world, repository, path, loaded.name if isinstance(loaded, model.Workflow) else path)
    if not whole:
        return
    for row in world.tables.workflows.where("repository", repository.id):
        if row.path not in files and row.state != "deleted":
            _set_state(world, row, "deleted")


def _note(world: World, repository: Repository, path: str, name: str) -> None:
    row = world.tables.workflows.one("path", (repository.id, path))
    now = world.clock.now()
    if row is None:
        row = Workflow(
            id=world.tables.next_id(),
            repository_id=repository.id,
            path=path,
            name=name,
            created_at=now,
            updated_at=now,
        )
        world.tables.workflows.add(row)
        return
    if row.state == "deleted":
        _set_state(world, row, "active")
    if row.name != name:
        row.name, row.updated_at = name, now
        world.tables.workflows.save(row)


def _set_state(world: World, row: Workflow, state: str) -> None:
    row.state = "deleted" if state == "deleted" else "active"
    row.updated_at = world.clock.now()
    world.tables.workflows.save(row)
