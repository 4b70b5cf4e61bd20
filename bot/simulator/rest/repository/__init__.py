"""Repositories, their collaborators, branches, commits, contents and git data."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.repository import (
    branches,
    commits,
    comparing,
    contents,
    git_objects,
    refs,
    trees,
)

ROUTERS: tuple[APIRouter, ...] = (
    refs.router,
    git_objects.router,
    trees.router,
    contents.router,
    comparing.router,
    branches.router,
    commits.router,
)
"""To be included after all others: branches and refs in their paths hold slashes."""
