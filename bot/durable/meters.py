"""What is counted; `/metrics` shows it."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Meters:
    """The counters of one server."""

    def __init__(self) -> None:
        # When a counter began is a second line for each; rates do without.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types there
        self.registry = CollectorRegistry()
        self.deliveries = self._counter(
            "deliveries",
            "Deliveries of the inbox, and what became of them.",
            "event",
            "fate",
        )
        self.reactions = self._counter(
            "reactions",
            "Tries: done, unsettled, again (later), refused, crashed.",
            "result",
        )
        self.commands = self._counter("commands", "Commands carried out on GitHub.", "kind")
        self.redelivered = self._counter(
            "redeliveries_asked", "Failed deliveries that GitHub was asked to send once more."
        )
        self.taken_over = self._counter(
            "workflows_taken_over", "Workflows of dead workers that were put back on the queue."
        )
        self.seconds = Histogram(
            "genesis_reaction_seconds",
            "How long a try took.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.swept = Gauge(
            "genesis_last_sweep_timestamp_seconds",
            "When a sweep last came to every repository.",
            registry=self.registry,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"genesis_{name}", text, labels, registry=self.registry)
