"""Takes secrets out of what is kept of requests and answers."""

from __future__ import annotations

import re

MASK = "***"

_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9_.\-]{10,}"
    r"|github_pat_[A-Za-z0-9_]{10,}"
    r"|eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_FIELDS = re.compile(
    r'("(?:secret|client_secret|webhook_secret|token|pem|encrypted_value)"\s*:\s*")(?:[^"\\]|\\.)*'
)


def masked(text: str) -> str:
    return _FIELDS.sub(rf"\g<1>{MASK}", _TOKENS.sub(MASK, text))
