"""Says once that a run has become expensive; a budget is what stops one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.core.usage import Usage
from bot.pipeline.language.workflow import CostAlerts


@dataclass
class CostAlarm:
    """The `cost_alerts` of one run."""

    alerts: CostAlerts | None = None
    _rung: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def rings(self, usage: Usage) -> str:
        """The notice, the first time the run has cost more than the threshold; else empty."""
        alerts = self.alerts
        if alerts is None or not (alerts.enabled and alerts.notify_on_exceed):
            return ""
        with self._lock:
            if self._rung or usage.usd <= alerts.threshold_usd:
                return ""
            self._rung = True
        return f"this run has cost ${usage.usd:.4f}, more than ${alerts.threshold_usd:g}"
