"""Which contexts and functions an expression may name, by the key it stands under."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.actions.expressions.functions import STATUS

ENTRY = frozenset({"github", "inputs", "vars"})
JOB = ENTRY | {"needs"}
INSTANCE = JOB | {"strategy", "matrix"}
STEP = INSTANCE | {"secrets", "steps", "job", "runner", "env"}
HASHING = frozenset({"hashfiles"})
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Names:
    contexts: frozenset[str]
    functions: frozenset[str] = NONE


CONSTANT = Names(NONE)
RUN_NAME = CONCURRENCY = Names(ENTRY)
WORKFLOW_ENV = Names(ENTRY | {"secrets"})
INPUT_DEFAULT = Names(ENTRY)
CALL_OUTPUT = Names(ENTRY | {"jobs"})
JOB_IF = Names(JOB, STATUS)
STRATEGY = Names(JOB)
JOB_NAME = JOB_SETTING = Names(INSTANCE)
JOB_ENV = JOB_SECRETS = Names(INSTANCE | {"secrets"})
JOB_DEFAULTS = Names(INSTANCE | {"env"})
JOB_OUTPUTS = STEP_VALUE = Names(STEP, HASHING)
STEP_IF = Names(STEP - {"secrets"}, STATUS | HASHING)
COMPOSITE = frozenset({"github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env"})
COMPOSITE_VALUE = Names(COMPOSITE, HASHING)
COMPOSITE_IF = Names(COMPOSITE, HASHING | STATUS)
ACTION_DEFAULT = Names(frozenset({"github", "strategy", "matrix", "job", "runner"}), HASHING)
