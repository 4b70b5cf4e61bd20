"""ETags, and 304 for who has the answer already."""

from __future__ import annotations

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

CACHED = (b"cache-control", b"private, max-age=60, s-maxage=60")


def conditional(request: Request, response: Response) -> Response:
    """Gives a whole answer to a GET its ETag, and leaves the body out where it is known."""
    if request.method != "GET" or response.status_code != 200:
        return response
    if not isinstance(response.body, bytes) or "etag" in response.headers:
        return response
    etag = f'W/"{sha256(response.body).hexdigest()}"'
    if etag.removeprefix("W/") in _known(request):
        kept = {k: v for k, v in response.headers.items() if k != "content-length"}
        response = Response(status_code=304, headers=kept)
    response.raw_headers += [(b"etag", etag.encode()), CACHED]
    return response


def _known(request: Request) -> set[str]:
    """Strong or weak makes no difference for a GET."""
    header = request.headers.get("if-none-match", "")
    return {part.strip().removeprefix("W/") for part in header.split(",")} if header else set()
