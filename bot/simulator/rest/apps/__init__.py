"""GitHub Apps over REST: the App itself, its installations, tokens, hook and deliveries."""

from __future__ import annotations

from bot.simulator.rest.apps import app, hook, installations, tokens

ROUTERS = (app.router, hook.router, installations.router, tokens.router)
