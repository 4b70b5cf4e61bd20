"""The verdicts on the App: its credentials, its webhook, where it is installed and what it may."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.core.sanitize import one_line
from bot.flows.onboarding.check import Check, Group
from bot.github.purposes import granted
from bot.github.reading.doctor import AppSeen, Asked
from bot.github.rights import missing

APP = Group("the App")

DRIFT, TOO_FAR = 10.0, 50.0
"""Seconds. Our tokens begin a minute before now and GitHub takes none from the future."""

_STATUS = {
    0: "GitHub reached nobody there: `/webhook` must be reachable from GitHub",
    502: "nobody answers there: is the server up, and does what stands before it lead to it?",
    504: "there was no answer in time: is the server up, and reachable from GitHub?",
    401: "the secret is another one: GENESIS_GITHUB_WEBHOOK_SECRET must be that of the App's page",
    404: "the path is wrong: the address ends with /webhook",
    503: "the server could not keep the delivery: look at its disk or database",
}
"""What to do, by the answer of our webhook."""


def app_checks(
    seen: AppSeen, repository: str, events: Collection[str], *, served: bool = True
) -> tuple[Check, ...]:
    """All of them; without credentials nothing but them. `events` are those we react to.

    Not `served`: the bot lives in workflows, and its App needs neither webhook nor events.
    """
    reached = _reached(seen)
    if seen.settings:
        fix = (
            "`genesis serve` makes an App at /setup; or set GENESIS_GITHUB_APP_ID and"
            " GENESIS_GITHUB_PRIVATE_KEY_FILE"
        )
        says = "only the App can see its webhook, installation, permissions and the repository"
        return (
            reached,
            APP.failure("credentials", seen.settings, fix),
            APP.unknown("everything else", says),
        )
    return (
        reached,
        _clock(seen),
        _credentials(seen),
        _key(seen),
        *((_secret(seen), _webhook(seen), _deliveries(seen)) if served else (_NO_WEBHOOK,)),
        *_installed(seen, repository, events if served else ()),
    )


_NO_WEBHOOK = APP.ok("webhook", "is not needed: the bot lives in workflows here")


def no_app_checks(seen: AppSeen) -> tuple[Check, ...]:
    """Where a person looks alone: whether there is to be an App is not known."""
    says = f"{seen.settings}: looked with your token alone"
    return (_reached(seen), APP.unknown("everything else", says))


def _reached(seen: AppSeen) -> Check:
    if seen.ahead is None and not seen.about.status:
        fix = "look at the network, at proxies, and at GENESIS_GITHUB_API_URL or --against"
        return APP.failure("GitHub", f"{seen.site.api} does not answer", fix)
    return APP.ok("GitHub", f"{seen.site.api} answers")


def _clock(seen: AppSeen) -> Check:
    if seen.ahead is None:
        return APP.unknown("clock", "GitHub did not tell the time")
    off = abs(seen.ahead)
    says = f"{off:.0f} s {'ahead of' if seen.ahead > 0 else 'behind'} GitHub's"
    fix = "let the clock be set by NTP (`timedatectl set-ntp true`)"
    if off > TOO_FAR:
        return APP.failure("clock", f"{says}: tokens are refused", fix)
    if off > DRIFT:
        return APP.warning("clock", says, fix)
    return APP.ok("clock", "as GitHub's, within seconds")


def _credentials(seen: AppSeen) -> Check:
    about = seen.about
    if about.there:
        return APP.ok("credentials", f"this is the App {about.body['slug']}")
    if about.status in (401, 404):
        fix = "look at GENESIS_GITHUB_APP_ID, at the key (a deleted one is refused) and the clock"
        return APP.failure("credentials", f"GitHub does not take them: {about.why}", fix)
    return APP.unknown("credentials", about.why)


def _key(seen: AppSeen) -> Check:
    if not seen.exposed:
        return APP.ok("key file", "nobody else on this machine may read it")
    fix = f"`chmod 600 {seen.exposed}`; whoever has the key is the App"
    return APP.warning("key file", f"others on this machine may read {seen.exposed}", fix)


def _secret(seen: AppSeen) -> Check:
    if seen.secret:
        return APP.ok("webhook secret", "is set here; a delivery shows whether it is GitHub's")
    says = "is not set: `genesis serve` takes no delivery"
    fix = "set GENESIS_GITHUB_WEBHOOK_SECRET to that of the App's page"
    return APP.warning("webhook secret", says, fix)


def _webhook(seen: AppSeen) -> Check:
    name, where = "webhook", f"{app_page(seen)} → Webhook"
    if not seen.hook.there:
        if seen.hook.status == 404:
            return APP.failure(name, "the App has none", f"{where}: switch it on, give its address")
        return APP.unknown(name, seen.hook.why, where)
    url = str(seen.hook.body.get("url") or "")
    if not url:
        return APP.failure(name, "has no address", f"{where}: the address of /webhook")
    if seen.hook.body.get("content_type") != "json":
        return APP.failure(name, "sends forms, not JSON", f"{where}: content type application/json")
    parts = urlsplit(url)
    if parts.scheme != "https" and not _local(parts.hostname or ""):
        return APP.warning(name, f"{url} is not encrypted", f"{where}: an https address")
    if str(seen.hook.body.get("insecure_ssl") or "0") != "0" and parts.scheme == "https":
        says = "GitHub does not check the certificate"
        return APP.warning(name, says, f"{where}: enable SSL verification")
    return APP.ok(name, f"goes to {url}")


def _local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _deliveries(seen: AppSeen) -> Check:
    name, where = "deliveries", f"{app_page(seen)}/advanced"
    if not seen.deliveries.there:
        return APP.unknown(name, seen.deliveries.why, where)
    found = [d for d in seen.deliveries.body if d["status_code"] or d["status"] != "pending"]
    if not found:
        return APP.unknown(name, "there was none yet: label an issue, then look again", where)
    bad = [d for d in found if not 200 <= int(d["status_code"] or 0) < 300]
    if not bad:
        return APP.ok(name, f"the last {len(found)} were taken")
    latest, status = found[0], int(bad[0]["status_code"] or 0)
    what = _STATUS.get(status, f"our server answered {status}: look at its log")
    said = one_line(str(bad[0]["status"] or status))
    says = f"{len(bad)} of the last {len(found)} failed, the newest of them with {status} ({said})"
    if latest is bad[0]:
        return APP.failure(name, f"{says}; nothing was taken since", f"{what} ({where})")
    return APP.warning(name, f"{says}; later ones were taken", f"{what} ({where})")


def _installed(seen: AppSeen, repository: str, events: Collection[str]) -> Iterator[Check]:
    found, name = seen.installation, "installation"
    if not found.there:
        if found.status == 404:
            fix = f"{install_page(seen)}: choose {repository}"
            says = f"the App is not installed on {repository}, or there is no such repository"
            yield APP.failure(name, says, fix)
        else:
            yield APP.unknown(name, found.why)
        for rest in ("permissions", "events"):
            yield APP.unknown(rest, "there is no installation to ask about")
        return
    page = str(found.body["html_url"])
    if found.body["suspended_at"]:
        yield APP.failure(name, "is suspended: the App may do nothing", f"{page}: unsuspend it")
    else:
        which = "all" if found.body["repository_selection"] == "all" else "chosen"
        account = found.body["account"] or {}
        whose = account.get("login") or account.get("slug") or "its owner"
        yield APP.ok(name, f"on {which} repositories of {whose}, this one among them")
    yield _permissions(seen, found.body, page)
    yield _events(seen, found.body, events)


def _permissions(seen: AppSeen, installation: Mapping[str, Any], page: str) -> Check:
    name, has = "permissions", installation["permissions"]
    lacking = missing(granted(), has)
    if lacking:
        # What the App itself does not ask for, no owner can accept.
        about = seen.about
        unasked = missing(granted(), about.body["permissions"]) if about.there else lacking
        places = [f"{app_page(seen)}/permissions: {', '.join(unasked)}"] if unasked else []
        fix = "; then ".join([*places, f"an owner accepts them at {page}"])
        return APP.failure(name, f"lacks {', '.join(lacking)}", fix)
    more = [f"{right}: {level}" for right, level in sorted(has.items()) if right not in granted()]
    if more:
        fix = f"{app_page(seen)}/permissions: take them away"
        return APP.warning(name, f"all it needs, and never used: {', '.join(more)}", fix)
    return APP.ok(name, "what it needs and no more")


def _events(seen: AppSeen, installation: Mapping[str, Any], events: Collection[str]) -> Check:
    name, has = "events", set(installation["events"])
    missing = sorted(set(events) - has)
    if not events:
        return APP.ok(name, "are not needed: the bot lives in workflows here")
    if not missing:
        return APP.ok(name, f"subscribed to all {len(events)} that are reacted to")
    fix = f"{app_page(seen)}/permissions → Subscribe to events"
    says = f"not subscribed to {', '.join(missing)}: what they tell is found by the sweep alone"
    return APP.failure(name, says, fix)


def app_page(seen: AppSeen) -> str:
    """The page of the App's settings."""
    if not seen.about.there:
        return f"{seen.site.web}/settings/apps"
    owner, slug = seen.about.body["owner"], seen.about.body["slug"]
    if "login" not in owner:
        whose = f"enterprises/{owner.get('slug', '')}/"
    else:
        whose = f"organizations/{owner['login']}/" if owner.get("type") == "Organization" else ""
    return f"{seen.site.web}/{whose}settings/apps/{slug}"


def install_page(seen: AppSeen) -> str:
    """Where the App is installed."""
    if not seen.about.there:
        return f"{seen.site.web}/settings/installations"
    return f"{seen.about.body['html_url']}/installations/new"


def installed(found: Asked) -> bool:
    """Whether anything can be asked there in the name of the App."""
    return found.there and not found.body["suspended_at"]
