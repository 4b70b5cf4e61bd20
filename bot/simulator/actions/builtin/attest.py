"""actions/attest and actions/attest-build-provenance: an unsigned in-toto statement.

GitHub signs it by Sigstore with the job's OIDC token; there is nobody here who could. What is
kept is the statement, so that who reads attestations finds the right subjects and predicate.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.host import Statement
from bot.simulator.actions.runner.files import FileCommandError, read_file
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.globs import GlobError, digest, find_files
from bot.simulator.actions.runner.inside import is_file, open_file, write_file
from bot.simulator.actions.runner.use import Use

SUBJECT = {
    "subject-path": "",
    "subject-digest": "",
    "subject-name": "",
    "subject-checksums": "",
    "push-to-registry": "false",
    "show-summary": "true",
    "create-storage-record": "true",
    "github-token": "${{ github.token }}",
}
PREDICATE = {"predicate-type": "", "predicate": "", "predicate-path": "", "sbom-path": ""}
PROVENANCE_TYPE = "https://slsa.dev/provenance/v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"
NEEDED = {"id-token": "write", "attestations": "write"}
DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
CHECKSUM = re.compile(r"([0-9a-f]{64})[ \t]+\*?(.+)")
MAX_SUBJECTS = 1024


async def attest(use: Use) -> None:
    kind = use.inputs["predicate-type"]
    if use.inputs["sbom-path"]:
        raise StepFailed("actions/attest: the input 'sbom-path' is not supported here")
    if not kind:
        await _keep(use, PROVENANCE_TYPE, provenance(use))
        return
    await _keep(use, kind, _predicate(use))


async def attest_build(use: Use) -> None:
    await _keep(use, PROVENANCE_TYPE, provenance(use))


async def _keep(use: Use, kind: str, predicate: Any) -> None:
    permissions = use.job.order.permissions
    for scope, level in NEEDED.items():
        if permissions.get(scope) != level:
            raise StepFailed(
                f'{use.uses}: missing "{scope}" permission. Please add "permissions: {scope}:'
                f' {level}" to your workflow.'
            )
    statement = Statement(await _subjects(use), kind, predicate)
    number = await use.job.host.attest(statement)
    bundle = use.job.folders.temp / f"attestation-{number}.json"
    content = json.dumps(in_toto(statement)).encode()
    write_file(use.job.folders.temp, bundle, content)
    page = f"{use.github('server_url')}/{use.github('repository')}/attestations/{number}"
    use.give(attestation_id=str(number), attestation_url=page, bundle_path=str(bundle))
    names = ", ".join(name for name, _ in statement.subjects[:10])
    use.say(f"Attestation created for {names}: {page}")
    use.warn("The attestation is not signed: this simulator has no Sigstore.")


def in_toto(statement: Statement) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": n, "digest": {"sha256": d}} for n, d in statement.subjects],
        "predicateType": statement.predicate_type,
        "predicate": statement.predicate,
    }


async def _subjects(use: Use) -> tuple[tuple[str, str], ...]:
    given = [k for k in ("subject-path", "subject-digest", "subject-checksums") if use.inputs[k]]
    if len(given) != 1:
        raise StepFailed(
            "One of subject-path, subject-digest, or subject-checksums must be provided"
        )
    match given[0]:
        case "subject-digest":
            subjects = [_digest(use)]
        case "subject-path":
            subjects = await asyncio.to_thread(_files, use)
        case _:
            subjects = _checksums(use)
    _check_count(len(subjects))
    return tuple(subjects)


def _check_count(found: int) -> None:
    if not 0 < found <= MAX_SUBJECTS:
        raise StepFailed(f"Found {found} subjects; 1 to {MAX_SUBJECTS} are allowed")


def _digest(use: Use) -> tuple[str, str]:
    found = DIGEST.fullmatch(use.inputs["subject-digest"])
    if found is None:
        raise StepFailed('subject-digest must be in the format "sha256:<hex-digest>"')
    return use.need("subject-name"), found[1]


def _files(use: Use) -> list[tuple[str, str]]:
    patterns = [part for line in use.lines("subject-path") for part in line.split(",")]
    try:
        files = find_files(use.workspace, patterns)
    except GlobError as error:
        raise StepFailed(str(error)) from error
    _check_count(len(files))
    name = use.inputs["subject-name"]
    return [(name or file.name, _digest_of(use, file)) for file in files]


def _digest_of(use: Use, path: Path) -> str:
    with open_file(use.workspace, path) as file:
        return digest(file).hex()


def _checksums(use: Use) -> list[tuple[str, str]]:
    text = use.inputs["subject-checksums"]
    if "\n" not in text and is_file(use.job.folders.root, use.workspace / text):
        text = _text_of(use, text)
    subjects: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = CHECKSUM.fullmatch(line)
        if found is None:
            raise StepFailed(f"Invalid checksum line: {line[:200]!r}")
        subjects.append((found[2], found[1]))
    return subjects


def _text_of(use: Use, path: str) -> str:
    try:
        return read_file(use.job.folders.root, use.workspace / path, 16 * 2**20)
    except FileCommandError as error:
        raise StepFailed(str(error)) from error


def _predicate(use: Use) -> Any:
    path = use.inputs["predicate-path"]
    try:
        return json.loads(_text_of(use, path) if path else use.need("predicate"))
    except ValueError as error:
        raise StepFailed(f"The predicate is not JSON: {error}") from error


def provenance(use: Use) -> dict[str, Any]:
    """SLSA provenance as the action builds it, from the run instead of from an OIDC token."""
    server, repository = use.github("server_url"), use.github("repository")
    path, _, ref = use.github("workflow_ref").partition("@")
    run = f"{server}/{repository}/actions/runs/{use.github('run_id')}"
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "workflow": {
                    "ref": ref,
                    "repository": f"{server}/{repository}",
                    "path": path.removeprefix(f"{repository}/"),
                }
            },
            "internalParameters": {
                "github": {
                    "event_name": use.github("event_name"),
                    "repository_id": use.github("repository_id"),
                    "repository_owner_id": use.github("repository_owner_id"),
                    "runner_environment": "self-hosted",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": f"git+{server}/{repository}@{use.github('ref')}",
                    "digest": {"gitCommit": use.github("sha")},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": f"{server}/{use.github('workflow_ref')}"},
            "metadata": {"invocationId": f"{run}/attempts/{use.github('run_attempt')}"},
        },
    }


ATTEST = Builtin(SUBJECT | PREDICATE, attest)
PROVENANCE = Builtin(SUBJECT, attest_build)
