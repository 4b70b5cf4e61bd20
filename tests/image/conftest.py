"""The files that make the image, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.image.dockerfile import Stage, parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def stages() -> dict[str, Stage]:
    return parse((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return data
