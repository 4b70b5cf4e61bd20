"""Branch protection and rulesets over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.protection import branches, parts, rulesets

ROUTERS: tuple[APIRouter, ...] = (parts.router, branches.router, rulesets.router)
"""They come before the router of branches, whose names may have slashes."""
