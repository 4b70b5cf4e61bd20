"""An analysis as a SARIF file, with the text of our rules."""

from __future__ import annotations

import json
from importlib.metadata import version

from bot.core.finding import Analysis
from bot.core.render.sarif import RuleText, as_sarif
from bot.elixir.rules import all_rules


def sarif_text(analysis: Analysis) -> str:
    """The whole log, for code scanning."""
    texts = [
        RuleText(r.id, r.title, r.explanation, f"{r.harm}\n\n{r.remedy}", r.severity)
        for r in all_rules()
    ]
    return json.dumps(as_sarif(analysis, texts, version("otp-genesis")), indent=2) + "\n"
