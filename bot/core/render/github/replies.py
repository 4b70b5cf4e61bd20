"""Answers to comments: short, kind, and each says what to do next."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.lifecycle.facts import Facts, Role
from bot.core.lifecycle.requests import USAGE, Wrong
from bot.core.lifecycle.state import PlanLife
from bot.core.plan import Action
from bot.core.policy import Need, Policy, Verb
from bot.core.render.commit import kept
from bot.core.render.github.costs import cost_so_far, cost_table, estimate
from bot.core.render.github.foreign import document, inline, silent
from bot.core.render.github.markers import fit
from bot.core.render.github.next_step import next_step, obstacles
from bot.core.render.github.words import PLAN, stage_title, status_of
from bot.core.render.markdown import code, table

EXPLANATION = 8_000
"""Characters of a rule's explanation."""

DOES: dict[Verb, str] = {
    "plan": "make the plan, if there is none",
    "approve": "run the stages in order, or one of them",
    "fix": "run one stage now, or one action of it",
    "retry": "try the stage that needs you again",
    "status": "say where things stand",
    "explain": "say what a rule or an action is about",
    "skip": "leave a stage out",
    "stop": "stop all work on this plan",
    "replan": "make a new plan for the newest commit",
    "cost": "say what was spent and what the rest may cost",
    "help": "show this",
}


def help_text(policy: Policy) -> str:
    """All commands, and the right each one needs here."""
    rows = [(code(USAGE[verb]), does, policy.needs(verb)) for verb, does in DOES.items()]
    return silent(
        "A command stands at the beginning of a line of a comment; several may stand in one.\n\n"
        + table(("command", "what it does", "needs"), rows)
        + "\n\nThe boxes on the dashboard do the same. Comments that were edited, quotes and code"
        " command nothing."
    )


def usage(wrong: Iterable[Wrong]) -> str:
    """What could not be understood, and how it is said right."""
    lines = [f"- {code(w.text)}: {w.problem}" for w in wrong]
    head = "I did not understand this, so nothing was done about it:"
    return silent("\n".join([head, "", *lines]))


def status(life: PlanLife, facts: Facts) -> str:
    """Where the plan and its stages stand, and what is next."""
    stages = [
        f"- Stage {s.number}, {stage_title(s.number).lower()}: {status_of(s, facts)}"
        + (f" (#{s.pull})" if s.pull else "")
        for s in life.stages
    ]
    parts = [f"The plan is {PLAN[life.status]}.", *obstacles(facts), "\n".join(stages)]
    parts.append(f"**Next:** {next_step(life, facts)}")
    return silent("\n\n".join(part for part in parts if part))


def cost(life: PlanLife, facts: Facts) -> str:
    """What was spent by stage, and what the rest may cost."""
    parts = [cost_so_far(life, facts), cost_table(life) if life.usd else "", estimate(life, facts)]
    return silent("\n\n".join(part for part in parts if part))


def explain(name: str, facts: Facts) -> str:
    """An action of the plan, or a rule; `name` may be the beginning of an action's id."""
    action = _action(name, facts)
    if action is not None:
        return silent(_about(action))
    text = facts.explanations.get(name)
    if text:
        return silent(fit(document(text), limit=EXPLANATION))
    return silent(
        f"I know no rule and no action called {code(name)}. The ids of actions stand in the issues"
        " of the stages; `genesis explain` in a terminal lists the rules."
    )


def refusal(verb: Verb, role: Role, need: Need) -> str:
    """Why a command was not carried out for this person."""
    return silent(
        f"{code(verb)} needs the role {code(need)} in this repository; yours is {code(role)}, so"
        " nothing was done. Somebody with that role can say it in a comment of their own."
    )


def unknown_ticker(box: str) -> str:
    """Somebody ticked a box, and no delivery told who."""
    return silent(
        f"The box {code(box)} was ticked, but I was not told by whom, so nothing was done."
        f" If it was you, please say {code(_command(box))} in a comment."
    )


def _command(box: str) -> str:
    verb, _, number = box.partition("-")
    stage = f" stage {number}" if number and verb != "skip" else f" {number}".rstrip()
    return f"/genesis {verb}{stage}"


def _action(name: str, facts: Facts) -> Action | None:
    if facts.plan is None:
        return None
    try:
        return facts.plan.action(name)
    except KeyError:
        return None


def _about(action: Action) -> str:
    places = ", ".join(code(f"{f.path}:{f.line}" if f.line else f.path) for f in action.files[:5])
    invariant = kept(action.invariant)
    parts = [
        f"**{inline(action.title)}** ({code(action.id)}, stage {action.stage}, {action.fix})",
        inline(action.problem, 2000),
        f"Where: {places}." if places else "",
        f"**Kept:** {inline(invariant, 1000)}" if invariant else "",
        f"**To decide:** {inline(action.decision, 1000)}" if action.decision else "",
        action.untried,
        "\n".join(f"{n}. {inline(step, 500)}" for n, step in enumerate(action.steps[:20], 1)),
        _how(action),
    ]
    return "\n\n".join(part for part in parts if part)


def _how(action: Action) -> str:
    if action.stage == 5:
        return "This one is for people."
    command = code(f"/genesis fix stage {action.stage} {action.id}")
    if action.fix == "assisted":
        return f"{command} is your yes: it makes this change as it is shown, with what it needs."
    return f"{command} does only this."
