"""Files as GitHub's contents API gives them."""

from __future__ import annotations

import base64
import binascii
from typing import Any


def text_of(content: Any, most: int) -> str | None:
    """The text of a file of at most `most` bytes; None for a folder and for what is no such text.

    Larger ones than 1 MB GitHub gives without their content.
    """
    if not isinstance(content, dict) or content.get("type") != "file":
        return None
    if content["size"] > most or content.get("encoding") != "base64":
        return None
    try:
        return base64.b64decode(content["content"]).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
