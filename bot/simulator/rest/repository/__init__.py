"""Repositories, their collaborators, branches, commits, contents and git data."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.repository import (
    archives,
    branches,
    collaborators,
    commits,
    comparing,
    contents,
    forks,
    git_objects,
    organizations,
    owners,
    refs,
    repos,
    trees,
)

ROUTERS: tuple[APIRouter, ...] = (
    repos.router,
    owners.router,
    organizations.router,
    collaborators.router,
    forks.router,
    archives.router,
    refs.router,
    git_objects.router,
    trees.router,
    contents.router,
    comparing.router,
    branches.router,
    commits.router,
)
"""To be included after all others: branches and refs in their paths hold slashes."""
