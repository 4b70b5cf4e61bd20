"""The verdicts on a person's machine, from what was seen there."""

from __future__ import annotations

from collections.abc import Iterator

from bot.codebase.toolchain import Missing
from bot.config import CONFIG_PATH
from bot.core.verdict import Baseline
from bot.flows.onboarding.check import Check, Group
from bot.flows.onboarding.place import OWN_PIPELINES, PlaceFacts
from bot.settings import API_KEYS, VENDORS

MACHINE = Group("this machine")
PROJECT = Group("the project")
MODELS = Group("models")

BUBBLEWRAP = (
    "install bubblewrap (`apt-get install bubblewrap`) and allow unprivileged user namespaces"
    " (`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, where the system has that switch)"
)


def place_checks(facts: PlaceFacts) -> tuple[Check, ...]:
    """All of them, in the order they are shown."""
    return (
        _git(facts),
        *_folders(facts),
        _sandbox(facts),
        _repository(facts),
        _mix_file(facts),
        _elixir(facts),
        _credo(facts),
        _config(facts),
        _pipelines(facts),
        _build(facts),
        *_models(facts),
    )


def _git(facts: PlaceFacts) -> Check:
    if facts.git:
        return MACHINE.ok("git", f"git {facts.git}")
    return MACHINE.failure("git", "git is not on the PATH", "install git")


def _folders(facts: PlaceFacts) -> Iterator[Check]:
    for name, wrong in facts.folders.items():
        if wrong:
            fix = f"give permission there, or set GENESIS_{name.upper()}_DIR to another folder"
            yield MACHINE.failure(f"{name} folder", f"cannot be written: {wrong}", fix)
        else:
            yield MACHINE.ok(f"{name} folder", "can be written")


def _sandbox(facts: PlaceFacts) -> Check:
    if not facts.sandbox:
        return MACHINE.ok("sandbox", "project code runs in bubblewrap, without network and keys")
    if facts.key or facts.sandbox_mode == "required":
        why = "a key is set" if facts.key else "GENESIS_SANDBOX is required"
        return MACHINE.failure("sandbox", f"{facts.sandbox}; {why}, so nothing runs", BUBBLEWRAP)
    return MACHINE.warning("sandbox", facts.sandbox, BUBBLEWRAP)


def _repository(facts: PlaceFacts) -> Check:
    if facts.repository:
        fix = facts.hint or "name a directory in a git repository"
        return PROJECT.failure("repository", facts.repository, fix)
    return PROJECT.ok("repository", "a git repository with a commit")


def _mix_file(facts: PlaceFacts) -> Check:
    if facts.mix_file:
        return PROJECT.ok("mix.exs", "is there")
    says = f"there is no mix.exs in {facts.path}"
    return PROJECT.warning("mix.exs", says, "name the directory of the Elixir project")


def _elixir(facts: PlaceFacts) -> Check:
    if isinstance(facts.toolchain, Missing):
        fix = "install that version (mise, asdf or your system's packages); analysis works without"
        return PROJECT.failure("Elixir", facts.toolchain.reason, fix)
    found = f"Elixir {facts.toolchain.version}, OTP {facts.toolchain.otp}"
    if facts.toolchain.note:
        return PROJECT.warning("Elixir", facts.toolchain.note, "install the version that is pinned")
    meets = f", which `{facts.requirement}` allows" if facts.requirement else ""
    return PROJECT.ok("Elixir", found + meets)


def _credo(facts: PlaceFacts) -> Check:
    if facts.credo:
        return PROJECT.ok("Credo", "is a dependency")
    says = "is no dependency: verification goes without it"
    dep = '{:credo, "~> 1.7", only: [:dev, :test], runtime: false}'
    fix = f"add {dep} to the deps of mix.exs, if you like"
    return PROJECT.warning("Credo", says, fix)


def _config(facts: PlaceFacts) -> Check:
    if facts.config is None:
        return PROJECT.ok("configuration", f"no {CONFIG_PATH}: every setting has its default")
    if not facts.config:
        return PROJECT.ok("configuration", f"{CONFIG_PATH} is valid")
    line, _, message = facts.config[0]
    more = f" (and {len(facts.config) - 1} more)" if len(facts.config) > 1 else ""
    fix = "`genesis config validate` tells each with its line"
    return PROJECT.failure("configuration", f"{CONFIG_PATH}:{line}: {message}{more}", fix)


def _pipelines(facts: PlaceFacts) -> Check:
    if facts.pipelines is None:
        return PROJECT.ok("pipelines", "none of your own: ours are used")
    if not facts.pipelines:
        return PROJECT.ok("pipelines", f"those in {OWN_PIPELINES} can be used")
    more = f" (and {len(facts.pipelines) - 1} more)" if len(facts.pipelines) > 1 else ""
    fix = f"`genesis pipeline validate {OWN_PIPELINES}` tells each with its line"
    return PROJECT.failure("pipelines", f"{facts.pipelines[0]}{more}", fix)


def _build(facts: PlaceFacts) -> Check:
    fix = f"`genesis doctor {facts.path} --build` builds it and runs its tests"
    match facts.build:
        case None:
            return PROJECT.unknown("build", "was not tried", fix)
        case str(why):
            return PROJECT.failure("build", why, "mend that, then try again")
        case Baseline() as seen if seen.obstacle:
            fix = f"{seen.remedy}: fixes are committed only where they can be verified"
            return PROJECT.failure("build", seen.obstacle, fix)
        case Baseline() as seen:
            shown = "; ".join(c.summary for c in seen.checks if c.status != "not-run")
            failing = any(c.name == "test" and c.status == "failed" for c in seen.checks)
            if failing or seen.flaky:
                flaky = f"; {len(seen.flaky)} flaky" if seen.flaky else ""
                fix = "mend the tests first: what fails before a change proves nothing after it"
                return PROJECT.warning("build", shown + flaky, fix)
            return PROJECT.ok("build", shown)


def _models(facts: PlaceFacts) -> Iterator[Check]:
    models = facts.models
    if models.problem:
        yield MODELS.failure("settings", models.problem, models.hint or "see `genesis models`")
        return
    if not models.names:
        keys = " or ".join(API_KEYS[vendor] for vendor in VENDORS)
        says = "no key is set: the embedded offline model is used, nothing leaves this machine"
        yield MODELS.ok("key", f"{says} ({keys} would change that)")
        return
    for vendor, name in models.names.items():
        if vendor in models.missing:
            fix = "pip install 'otp-genesis[models]'"
            yield MODELS.failure(vendor, "its package is not installed", fix)
        elif models.asked is None:
            fix = "`genesis doctor --model` asks the vendor, which costs nothing"
            yield MODELS.unknown(vendor, f"the key is set; {name} was not asked for", fix)
    for checked in models.asked or ():
        if checked.vendor in models.missing:
            continue
        if checked.error is None:
            yield MODELS.ok(checked.vendor, f"{checked.model} is there")
        else:
            fix = checked.error.hint or "see `genesis models --check`"
            yield MODELS.failure(checked.vendor, checked.error.message, fix)
