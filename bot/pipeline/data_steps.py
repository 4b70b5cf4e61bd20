"""Steps that compute on data, move files or ask questions about the code base."""

from __future__ import annotations
