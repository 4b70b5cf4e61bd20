"""Another GitHub, by the address of its pages or of its API."""

from __future__ import annotations

import pytest

from bot.errors import Unusable
from bot.flows.onboarding.github import against


@pytest.mark.parametrize(
    ("given", "api", "web"),
    [
        ("https://github.com", "https://api.github.com", "https://github.com"),
        ("github.com", "https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://api.github.com", "https://github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        (
            "https://git.example.com",
            "https://git.example.com/api/v3",
            "https://git.example.com",
        ),
        (
            "https://git.example.com/api/v3/",
            "https://git.example.com/api/v3",
            "https://git.example.com",
        ),
        ("http://127.0.0.1:4400", "http://127.0.0.1:4400/api/v3", "http://127.0.0.1:4400"),
        ("HTTPS://GIT.example.com", "https://git.example.com/api/v3", "https://git.example.com"),
    ],
)
def test_both_addresses_follow_from_one(given: str, api: str, web: str) -> None:
    assert against(given) == {"github_api_url": api, "github_server_url": web}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ftp://x",
        "https://",
        "https://user:word@git.example.com",
        "https://git.example.com?x=1",
        "https://git.example.com#x",
        "https://git.example.com:99999",
        "https://git example.com",
        "https://git.example.com/\n",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Unusable, match="no address of a GitHub"):
        against(given)
