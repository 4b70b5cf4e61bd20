"""git over HTTP: advertisement, fetch and push."""

from __future__ import annotations

import asyncio
import base64
import re
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.simulator.git.bodies import BodyBroken, BodyTooLarge, spool
from bot.simulator.git.errors import GitFailed
from bot.simulator.git.gate import Admission, Denied, Gate
from bot.simulator.git.pktlines import FLUSH, BrokenLine, pkt_line
from bot.simulator.git.process import CHUNK, run, running
from bot.simulator.git.pushing import receive_pack
from bot.simulator.git.repository import BareRepository

FETCH, PUSH = "git-upload-pack", "git-receive-pack"
PROTOCOL = re.compile(r"[A-Za-z0-9=:.-]{1,100}")
PUSH_LIMIT = 1 << 30
ASKING_LIMIT = 64 << 20
FETCHES = 16
"""At once; more wait for their turn."""
SECONDS = 600.0
NO_CACHE = {
    "cache-control": "no-cache, max-age=0, must-revalidate",
    "expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "pragma": "no-cache",
}
CHALLENGE = {"www-authenticate": 'Basic realm="GitHub"'}
DUMB = "Please upgrade your git client.\nGitHub.com no longer supports git over dumb-http."

Endpoint = Callable[[Request], Awaitable[Response]]


def git_routes(
    gate: Gate, *, push_limit: int = PUSH_LIMIT, patience: float = SECONDS
) -> list[Route]:
    """For `/owner/name` and `/owner/name.git`. A push of more bytes gets 413; a body that is not
    there after `patience` seconds gets 408, and an answer not read by then is cut.
    """
    server = _Server(gate, push_limit, patience)
    where = "/{owner}/{name}"
    return [
        Route(f"{where}/info/refs", _answering(server.advertise), methods=["GET"]),
        Route(f"{where}/{FETCH}", _answering(server.fetch), methods=["POST"]),
        Route(f"{where}/{PUSH}", _answering(server.push), methods=["POST"]),
    ]


class _Server:
    def __init__(self, gate: Gate, push_limit: int, patience: float) -> None:
        self._gate = gate
        self._push_limit = push_limit
        self._patience = patience
        self._fetches = asyncio.Semaphore(FETCHES)
        self._landing: set[asyncio.Task[bytes]] = set()

    async def advertise(self, request: Request) -> Response:
        service = request.query_params.get("service", "")
        if service not in (FETCH, PUSH):
            raise Denied(403, DUMB)
        repository = (await self._admit(request, service)).repository
        protocol = _protocol(request)
        place = str(repository.path.absolute())
        argv = (service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", place)
        output = await run(argv, cwd=repository.path, extra={"GIT_PROTOCOL": protocol})
        newer = service == FETCH and "version=2" in protocol.split(":")
        head = b"" if newer else pkt_line(f"# service={service}\n".encode()) + FLUSH
        kind = f"application/x-{service}-advertisement"
        return Response(head + output.stdout, media_type=kind, headers=NO_CACHE)

    async def fetch(self, request: Request) -> Response:
        repository = (await self._admit_post(request, FETCH)).repository
        async with asyncio.timeout(self._patience):
            body = await spool(request, repository.path, ASKING_LIMIT)
        parts = self._packed(repository, body, _protocol(request))
        kind = f"application/x-{FETCH}-result"
        return _Stream(parts, self._patience, kind)

    async def push(self, request: Request) -> Response:
        """What was received whole is landed whole, whether or not the client is still there."""
        admission = await self._admit_post(request, PUSH)
        async with asyncio.timeout(self._patience):
            body = await spool(request, admission.repository.path, self._push_limit)
        landing = asyncio.ensure_future(self._land(request, admission, body))
        self._landing.add(landing)
        landing.add_done_callback(self._landing.discard)
        answer = await asyncio.shield(landing)
        return Response(answer, media_type=f"application/x-{PUSH}-result", headers=NO_CACHE)

    async def _land(self, request: Request, admission: Admission, body: IO[bytes]) -> bytes:
        repository = admission.repository
        with body:
            async with repository.writing():
                before = repository.refs()
                try:
                    return await receive_pack(
                        repository,
                        admission.policy,
                        body,
                        protocol=_protocol(request),
                        limit=self._push_limit,
                    )
                finally:
                    if changes := await repository.reload(before):
                        request.state.ref_changes = changes
                        await self._gate.pushed(admission, changes)

    async def _packed(
        self, repository: BareRepository, body: IO[bytes], protocol: str
    ) -> AsyncGenerator[bytes, None]:
        argv = ("upload-pack", "--stateless-rpc", str(repository.path.absolute()))
        with body:
            async with (
                self._fetches,
                running(
                    argv,
                    cwd=repository.path,
                    stdin=body,
                    stderr=DEVNULL,
                    extra={"GIT_PROTOCOL": protocol},
                    lifetime=self._patience,
                ) as process,
            ):
                assert process.stdout
                while chunk := await process.stdout.read(CHUNK):
                    yield chunk

    async def _admit_post(self, request: Request, service: str) -> Admission:
        if request.headers.get("content-type") != f"application/x-{service}-request":
            raise Denied(415, "Unsupported media type")
        return await self._admit(request, service)

    async def _admit(self, request: Request, service: str) -> Admission:
        owner = request.path_params["owner"]
        name = request.path_params["name"].removesuffix(".git")
        admission = await self._gate.admit(owner, name, service, _credentials(request))
        request.state.admission = admission
        return admission


class _Stream(StreamingResponse):
    """Ends what feeds it also where the client does not read on, or is gone."""

    def __init__(self, parts: AsyncGenerator[bytes, None], patience: float, kind: str) -> None:
        super().__init__(parts, media_type=kind, headers=NO_CACHE)
        self._parts = parts
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            return  # the server closes a connection whose answer is not whole
        finally:
            await self._parts.aclose()


def _answering(endpoint: Endpoint) -> Endpoint:
    """Turns what can be wrong with a request into an answer that git shows."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Denied as denied:
            return _refusal(denied)
        except BodyTooLarge:
            return _refusal(Denied(413, "Payload too large"))
        except (BodyBroken, BrokenLine) as error:
            return _refusal(Denied(400, str(error)))
        except ClientDisconnect:
            return _refusal(Denied(400, "The client went away"))
        except GitFailed as error:
            return _refusal(Denied(503, f"git did not finish: {error.stderr[-200:]}"))
        except TimeoutError:
            return _refusal(Denied(408, "The request took too long"))
        except OSError as error:
            return _refusal(Denied(503, f"The repository cannot be used: {error.strerror}"))

    return answer


def _refusal(denied: Denied) -> Response:
    headers = NO_CACHE | (CHALLENGE if denied.challenge else {})
    return Response(f"{denied.message}\n", denied.status, headers, "text/plain")


def _protocol(request: Request) -> str:
    """Only what git itself would send; it is an environment variable of the process."""
    value = request.headers.get("git-protocol", "")
    return value if PROTOCOL.fullmatch(value) else ""


def _credentials(request: Request) -> tuple[str, str] | None:
    """(user, password); a bare token has no user. Raises Denied for what is neither."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return "", value.strip()
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:  # no ASCII, no base64 or no UTF-8
        scheme = ""
    if scheme.lower() != "basic":
        raise Denied(401, "Invalid credentials", challenge=True)
    return user, password
