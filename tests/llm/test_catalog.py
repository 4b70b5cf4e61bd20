"""Names of models: short ones, own ones, and those of the other vendor."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unusable
from bot.llm.catalog import catalog, owner, resolve
from bot.llm.prices import Prices
from bot.settings import MODEL_NAME, VENDORS, Vendor


@pytest.mark.parametrize(
    ("vendor", "name", "sent"),
    [
        ("anthropic", "sonnet", "claude-sonnet-5-5"),
        ("anthropic", "Opus", "claude-opus-5-5"),
        ("anthropic", " haiku ", "claude-haiku-5-5"),
        ("gemini", "flash", "gemini-3.8-flash"),
        ("gemini", "flash-lite", "gemini-3.5-flash-lite"),
        ("gemini", "pro", "gemini-4-argon"),
        ("gemini", "models/gemini-2.5-pro", "gemini-2.5-pro"),
    ],
)
def test_a_short_name_means_the_newest_of_its_kind(vendor: Vendor, name: str, sent: str) -> None:
    assert resolve(vendor, name) == sent


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("anthropic", "claude-3-5-sonnet-20241022"),
        ("anthropic", "claude-opus-4-8"),
        ("gemini", "gemini-2.5-flash"),
        ("gemini", "gemini-9-unobtainium"),
        ("anthropic", "my-gateway/tuned:v2"),
        ("gemini", "my-gateway/tuned:v2"),
    ],
)
def test_own_and_unheard_of_names_pass_through(vendor: Vendor, name: str) -> None:
    assert resolve(vendor, name, default="other") == name


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("anthropic", "gemini-2.5-flash"),
        ("anthropic", "models/gemini-2.5-flash"),
        ("anthropic", "flash"),
        ("gemini", "claude-3-5-sonnet-20241022"),
        ("gemini", "opus"),
        ("gemini", ""),
    ],
)
def test_a_name_of_the_other_vendor_means_what_is_set_for_this_one(
    vendor: Vendor, name: str
) -> None:
    assert resolve(vendor, name, default="mine") == "mine"
    assert resolve(vendor, name) == catalog().of(vendor).default


def test_what_is_set_may_be_a_short_name_too() -> None:
    assert resolve("anthropic", "", default="sonnet") == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    "name", ["../v1/files", "a/../../b", "a b", "a?key=1", "a#b", "x\n", "-rf", "é", "a" * 129]
)
def test_what_would_change_an_address_is_no_name(name: str) -> None:
    with pytest.raises(Unusable, match="cannot be the name of a model"):
        resolve("gemini", f"{name}z" if name.endswith("\n") else name)


@given(st.sampled_from(VENDORS), st.text())
def test_whatever_is_asked_for_what_is_sent_is_a_name(vendor: Vendor, name: str) -> None:
    with suppress(Unusable):
        assert MODEL_NAME.match(resolve(vendor, name))


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("claude-x", "anthropic"),
        ("sonnet", "anthropic"),
        ("GEMINI-x", "gemini"),
        ("gpt-6", None),
        ("", None),
        ("claudette", None),
    ],
)
def test_a_name_tells_its_vendor(name: str, vendor: str | None) -> None:
    assert owner(name) == vendor


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_defaults_have_a_known_price_so_that_a_limit_in_dollars_can_be_set(
    vendor: Vendor,
) -> None:
    assert Prices.load().rate(catalog().of(vendor).default) is not None


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_short_name_belongs_to_its_vendor_alone(vendor: Vendor) -> None:
    known = catalog().of(vendor)
    assert {owner(alias) for alias in known.aliases} == {vendor}
    assert all(name.startswith(f"{known.family}-") for name in known.aliases.values())
    assert known.default in known.aliases.values()
