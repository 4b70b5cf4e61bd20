"""Text that leaves or enters: secrets are masked, characters nobody can see are dropped."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

SHORTEST_SECRET = 6
"""Shorter values would mask ordinary words."""

TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"gh[pousr]_[A-Za-z0-9]{36,}"
    r"|github_pat_[A-Za-z0-9_]{40,}"
    r"|sk-ant-[A-Za-z0-9_-]{20,}"
    r"|AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9_-])"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|(?:ghs_[0-9]+_)?eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r")"
)
"""Shapes that are credentials whoever they belong to: of GitHub (since April 2026 also
`ghs_<app>_<JWT>`), Anthropic, Google, AWS, Slack, and JWTs."""

PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----[^\"]*?-----END (?P=kind)-----"
)
"""Without a quote inside: a match must not reach from one JSON string into another."""

HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)

ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the secrets, in any form they take on the way, and without token shapes."""
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return PRIVATE_KEY.sub(MASK, TOKEN.sub(MASK, text))


def strip_hidden(text: str) -> str:
    """`text` without terminal escapes, control, format and tag characters; newline and tab stay."""
    return ESCAPE_SEQUENCE.sub("", text.replace("\r\n", "\n")).translate(_SEEN)


def one_line(text: str) -> str:
    """`text` without hidden characters, its line breaks and runs of blanks as one blank."""
    return " ".join(strip_hidden(text).split())


def strip_comments(text: str) -> str:
    """`text` without HTML comments, which a reader of rendered Markdown never sees."""
    while (shorter := HTML_COMMENT.sub("", text)) != text:
        text = shorter
    return text


def _forms(secret: str) -> set[str]:
    stripped = secret.strip()
    if len(stripped) < SHORTEST_SECRET:
        return set()
    encoded = base64.b64encode(stripped.encode("utf-8", "surrogateescape")).decode("ascii")
    return {
        stripped,
        json.dumps(stripped)[1:-1],
        json.dumps(stripped, ensure_ascii=False)[1:-1],
        quote(stripped, safe="", errors="replace"),
        encoded,
        encoded.rstrip("="),
    }


class _Seen(dict[int, int | None]):
    """What `str.translate` makes of each character; filled as they come, for logs are large."""

    MOST = 4096

    def __missing__(self, code: int) -> int | None:
        kept = code if _visible(chr(code)) else None
        if len(self) < self.MOST:
            self[code] = kept
        return kept


def _visible(char: str) -> bool:
    if char in "\n\t":
        return True
    # Variation selectors are marks by category, yet a run of them can carry a hidden message.
    if 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF:
        return False
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


_SEEN = _Seen()
