"""Check runs, check suites and commit statuses over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.checks import runs, statuses, suites

ROUTERS: tuple[APIRouter, ...] = (runs.router, suites.router, statuses.router)
"""They come before the router of commits, whose addresses may go on behind a ref."""
