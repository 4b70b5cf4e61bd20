"""Pull requests, reviews and review comments over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.pulls import comments, merging, pulls, reviews

ROUTERS: tuple[APIRouter, ...] = (
    comments.router,
    pulls.router,
    merging.router,
    reviews.router,
)
"""Comments come first: `/pulls/comments` is no number of a pull request."""
