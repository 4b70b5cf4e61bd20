"""Repositories, their collaborators, branches, commits, contents and git data."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.repository import contents, refs

ROUTERS: tuple[APIRouter, ...] = (refs.router, contents.router)
