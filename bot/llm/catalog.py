"""Which models there are: aliases, defaults, and which vendor a name belongs to."""

from __future__ import annotations

from functools import cache

from bot.core.model import Record
from bot.errors import Unusable
from bot.llm.data_files import shipped
from bot.settings import MODEL_NAME, VENDORS, Vendor


class VendorCatalog(Record):
    """What is known of one vendor's models."""

    family: str
    """How its names begin."""
    default: str
    """Asked when nobody names a model."""
    aliases: dict[str, str]
    """Short names, each for the newest model of its kind."""


class Catalog(Record):
    """The vendors' catalogues."""

    anthropic: VendorCatalog
    gemini: VendorCatalog

    def of(self, vendor: Vendor) -> VendorCatalog:
        """One vendor's."""
        return self.anthropic if vendor == "anthropic" else self.gemini


@cache
def catalog() -> Catalog:
    """The catalogue that comes with the package."""
    return shipped("catalog.toml", Catalog)


def resolve(vendor: Vendor, name: str, default: str = "") -> str:
    """The name to send to a vendor.

    Aliases become names and names of its own pass through, as do those nobody knows: a vendor has
    new models sooner than we. A name of the other vendor means the model that is set for this one:
    `default`, else the catalogue's. Raises `Unusable` for what cannot be a name.
    """
    known = catalog().of(vendor)
    wanted = name.strip().removeprefix("models/")
    if not wanted or owner(wanted) not in (vendor, None):
        wanted = default or known.default
    wanted = known.aliases.get(wanted.lower(), wanted)
    if MODEL_NAME.match(wanted) is None:
        raise Unusable(
            f"{name!r} cannot be the name of a model",
            hint="`genesis models` shows names and short names",
        )
    return wanted


def owner(name: str) -> Vendor | None:
    """The vendor a name or alias belongs to; None when that cannot be told."""
    wanted = name.strip().removeprefix("models/").lower()
    for vendor in VENDORS:
        known = catalog().of(vendor)
        if wanted in known.aliases or wanted.startswith(f"{known.family}-"):
            return vendor
    return None
