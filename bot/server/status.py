"""How the server is: what `/readyz`, `/healthz` and `/metrics` tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot.core.lifecycle.state import PlanStatus
from bot.durable import engine
from bot.durable.database import Database
from bot.durable.known_plans import counts
from bot.durable.meters import Meters
from bot.durable.sweep import Sweeper
from bot.flows.react.post import Post
from bot.github.tally import TALLY
from bot.server.drainer import Drainer
from bot.server.process import IngressProcess

LAG = 60.0
"""Seconds a delivery may wait in the inbox before the server is not ready any more."""


@dataclass
class Server:
    """The parts of a server; those that do not run yet are None."""

    database: Database
    meters: Meters
    ingress: IngressProcess
    web: str
    """Address of GitHub's pages."""
    post: Post | None = None
    drainer: Drainer | None = None
    sweeper: Sweeper | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def healthy(self) -> bool:
        """Whether the process does its work; else it is to be started anew."""
        return self.drainer is None or self.drainer.alive

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether deliveries are taken and worked on, and how each part is."""
        database = self.database.alive()
        behind = self.drainer.inbox.waiting() if self.drainer is not None and database else None
        lag = behind.seconds if behind is not None else None
        swept = self.sweeper.last if self.sweeper is not None else 0.0
        parts = {
            "database": "up" if database else "down",
            "ingress": "up" if self.ingress.alive else "down",
            "github": "known" if self.post is not None else "not reached yet",
            "work": "up" if self.drainer is not None and self.drainer.alive else "down",
            "inbox_bytes": behind.bytes if behind is not None else None,
            "inbox_seconds": round(lag, 3) if lag is not None else None,
            "last_sweep_seconds_ago": round(time.time() - swept) if swept else None,
            "stopping": self.stopping.is_set(),
        }
        up = database and self.ingress.alive and parts["work"] == "up"
        return up and not self.stopping.is_set() and (lag or 0.0) < LAG, parts


class ServerCollector(Collector):
    """What is asked when it is scraped."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        yield from self._ingress()
        yield from _github()
        if self._server.drainer is None:
            return
        try:
            waiting, depth = self._server.drainer.inbox.waiting(), engine.depth()
            plans = counts(self._server.database)
        except (SQLAlchemyError, OSError):
            return
        yield _gauge("genesis_inbox_waiting_bytes", "Not taken from the inbox yet.", waiting.bytes)
        age = waiting.seconds
        yield _gauge("genesis_inbox_oldest_seconds", "How long the oldest of it waits.", age)
        queue = GaugeMetricFamily("genesis_queue", "Workflows not ended.", labels=["status"])
        for status in engine.UNDER_WAY:
            queue.add_metric([status.lower()], depth[status])
        yield queue
        known = GaugeMetricFamily("genesis_plans", "Plans, as seen last.", labels=["status"])
        for name in get_args(PlanStatus):
            known.add_metric([name], plans.get(name, 0))
        yield known

    def _ingress(self) -> Iterator[Metric]:
        ingress = self._server.ingress
        yield _gauge("genesis_ingress_up", "Whether deliveries are taken.", int(ingress.alive))
        deaths = CounterMetricFamily("genesis_ingress_deaths", "Restarts of the ingress.")
        deaths.add_metric([], ingress.deaths)
        yield deaths
        answers = CounterMetricFamily(
            "genesis_ingress_answers", "Answers at /webhook.", labels=["status"]
        )
        for status, count in ingress.counts.get("answers", {}).items():
            answers.add_metric([status], count)
        yield answers
        told = ("batches", "Batches written."), ("seconds", "Spent writing and syncing them.")
        for name, text in told:
            family = CounterMetricFamily(f"genesis_ingress_{name}", text)
            family.add_metric([], ingress.counts.get(name, 0))
            yield family


def _github() -> Iterator[Metric]:
    answers = CounterMetricFamily(
        "genesis_github_answers", "Answers of GitHub's API; `none` for silence.", labels=["status"]
    )
    for status, count in TALLY.answers().items():
        answers.add_metric([status], count)
    yield answers
    left = GaugeMetricFamily(
        "genesis_github_rate_remaining", "Calls left, as answered last.", labels=["resource"]
    )
    for resource, count in TALLY.left().items():
        left.add_metric([resource], count)
    yield left


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
