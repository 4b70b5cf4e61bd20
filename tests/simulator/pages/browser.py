"""A visitor with a browser: reads pages as their elements, sends forms as browsers do."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from tests.simulator.support import BASE, Simulated

VOID = {"br", "circle", "hr", "img", "input", "link", "meta"}
"""Of the elements the pages use, those that are never closed."""
APART = {"dd", "div", "dt", "h1", "h2", "h3", "li", "p", "section", "summary", "td", "tr", "ul"}
"""What begins and ends a line."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


@dataclass
class Reader(HTMLParser):
    """Collects the elements and what is wrong with their nesting."""

    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        self._space(tag)
        element = Element(tag, {name: value or "" for name, value in attrs})
        if any(around.tag == "label" for around in self._open):
            element.attributes["in-label"] = "yes"
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes nothing")
            return
        self._open.pop()
        self._space(tag)

    def _space(self, tag: str) -> None:
        if tag in APART:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def close(self) -> None:
        super().close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open]


@dataclass(frozen=True)
class Shown:
    """An answer of the simulator."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def target(self) -> str:
        """Where a redirection leads."""
        return str(self.response.headers.get("location", ""))

    def read(self) -> Reader:
        reader = Reader()
        reader.feed(self.text)
        reader.close()
        return reader

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.replace("_", "-").strip("-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.read().elements
            if element.tag == tag and all(element[n] == v for n, v in wanted.items())
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    @property
    def words(self) -> str:
        """The text of the page, with single spaces."""
        return " ".join(self.one("body").text.split())

    @property
    def links(self) -> list[str]:
        return [element["href"] for element in self.all("a")]


class Browser:
    """Acts as one of the people; an empty login is nobody."""

    def __init__(self, sim: Simulated, login: str = "admin") -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(sim.app),
            base_url=BASE,
            headers={"accept": "text/html"},
            cookies={"acting_as": login or "-"},
            timeout=30,
        )
        sim.clients.append(self.client)

    async def get(self, path: str) -> Shown:
        return Shown(await self.client.get(path))

    async def send(self, path: str, /, **fields: str | list[str]) -> Shown:
        """A form of one of our own pages."""
        headers = {"origin": BASE, "referer": BASE + path}
        return Shown(await self.client.post(path, data=fields, headers=headers))
