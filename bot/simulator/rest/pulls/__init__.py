"""Pull requests, reviews and review comments over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.pulls import merging, pulls

ROUTERS: tuple[APIRouter, ...] = (pulls.router, merging.router)
