"""Routes that are worked out when somebody first calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute


class LateRoute(APIRoute):
    """FastAPI studies the signature of each handler, about a millisecond each. With hundreds of
    routes, of which a run calls a few dozen, that was a third of the simulator's start.

    Until then there are `path` and `methods` only; whatever else is asked for completes it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.methods = set(options.get("methods") or ("GET",))
        self._late = (endpoint, options)

    def __getattr__(self, name: str) -> Any:
        late = self.__dict__.pop("_late", None)
        if late is None:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        endpoint, options = late
        super().__init__(self.path, endpoint, **options)
        return getattr(self, name)
