"""The server's side of a connection, which a fault can cut."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.simulator.faults.proxy import CUT


class Connection(HttpToolsProtocol):
    """uvicorn's fast protocol; the ASGI extension `simulator.cut` ends the connection at once."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}
