"""Apps, installations, tokens, hooks and their deliveries."""

from __future__ import annotations

from functools import partial

from tests.simulator.judges.exchanges import Delivery
from tests.simulator.judges.stage import OWNER, SHOP, Stage, until


def the_app(s: Stage) -> None:
    app = s.app("apps/get-authenticated")
    assert app.slug == "otp-genesis"
    assert s.reader("apps/get-by-slug", "otp-genesis").id == app.id
    s.reader.refused(404, "apps/get-by-slug", "no-such-app")
    (installation,) = s.app("apps/list-installations")
    assert s.app("apps/get-installation", installation.id).account.login == OWNER
    assert s.app("apps/get-repo-installation").id == installation.id
    assert s.app("apps/get-org-installation", OWNER).id == installation.id
    s.app.refused(404, "apps/get-user-installation", "outsider")
    assert s.app("apps/get-user-installation", OWNER).id == installation.id
    s.app.refused(404, "apps/get-installation", 99_999)
    assert s.ask("", "GET /app").status_code == 401
    assert s.ask("writer", "GET /app").status_code == 401
    config = s.app("apps/get-webhook-config-for-app")
    assert config.content_type == "json"
    s.app("apps/update-webhook-config-for-app", content_type="json", url=config.url)


def installation_tokens(s: Stage) -> None:
    (installation,) = s.app("apps/list-installations")
    made = s.app(
        "apps/create-installation-access-token",
        installation.id,
        repositories=["shop"],
        permissions={"issues": "read", "metadata": "read"},
    )
    assert s.ask(made.token, f"GET {SHOP}/issues").status_code == 200
    assert s.ask(made.token, f"POST {SHOP}/issues", {"title": "x"}).status_code == 403
    listed = s.ask(made.token, "GET /installation/repositories").json()
    assert [e["full_name"] for e in listed["repositories"]] == ["acme/shop"]
    assert s.ask(made.token, "DELETE /installation/token").status_code == 204
    assert s.ask(made.token, f"GET {SHOP}/issues").status_code == 401
    token = "apps/create-installation-access-token"
    s.app.refused(422, token, installation.id, permissions={"administration": "write"})
    s.app.refused(422, token, installation.id, repositories=["none"])
    s.app.refused(404, token, 99_999)


def suspension(s: Stage) -> None:
    (installation,) = s.app("apps/list-installations")
    token = s.app("apps/create-installation-access-token", installation.id).token
    s.app("apps/suspend-installation", installation.id)
    assert s.ask(token, f"GET {SHOP}/issues").status_code == 403
    s.app("apps/unsuspend-installation", installation.id)
    assert s.ask(token, f"GET {SHOP}/issues").status_code == 200


def app_deliveries(s: Stage) -> None:
    number = s.writer("issues/create", title="To be delivered").number
    delivery = s.receiver.wait_for("issues", "opened", partial(tells_the_app_of, number))
    listed = s.app("apps/list-webhook-deliveries", per_page=5)
    assert listed
    found = next(e for e in every_delivery(s) if e["guid"] == delivery.guid)
    shown = s.app("apps/get-webhook-delivery", found["id"])
    assert shown.event == "issues"
    s.app("apps/redeliver-webhook-delivery", found["id"])
    until(
        lambda: len([d for d in s.receiver.deliveries if d.guid == delivery.guid]) == 2,
        "the redelivery arrives under its old GUID",
    )
    s.app.refused(404, "apps/get-webhook-delivery", 99_999_999)


def tells_the_app_of(number: int, delivery: Delivery) -> bool:
    """Whether it is of this issue, and came by the App's hook."""
    target = delivery.headers["x-github-hook-installation-target-type"]
    issue: int = delivery.payload()["issue"]["number"]
    return target == "integration" and issue == number


def every_delivery(s: Stage) -> list[dict[str, object]]:
    """Of the App's hook, by its pages."""
    found: list[dict[str, object]] = []
    cursor = ""
    while True:
        path = f"/app/hook/deliveries?per_page=100{cursor}"
        answer = s.ask(s.jwt(), f"GET {path}")
        found += answer.json()
        link = answer.links.get("next")
        if link is None:
            return found
        cursor = "&cursor=" + link["url"].partition("cursor=")[2].partition("&")[0]


def repository_hooks(s: Stage) -> None:
    config = {
        "url": s.hook_url,
        "content_type": "json",
        "secret": s.simulator.app["webhook_secret"],
    }
    made = s.admin("repos/create-webhook", config=config, events=["label"], active=True)
    hook = made.id
    ping = s.receiver.wait_for("ping", matching=lambda d: d.payload()["hook_id"] == hook)
    assert ping.genuine
    s.admin.refused(422, "repos/create-webhook", config={"url": "no address"}, events=["push"])
    assert hook in [e.id for e in s.admin("repos/list-webhooks")]
    assert s.admin("repos/get-webhook", hook).events == ["label"]
    changed = s.admin("repos/update-webhook", hook, add_events=["milestone", "push"])
    assert sorted(changed.events) == ["label", "milestone", "push"]
    assert s.admin("repos/get-webhook-config-for-repo", hook).content_type == "json"
    s.admin("repos/update-webhook-config-for-repo", hook, content_type="json")
    s.admin("repos/ping-webhook", hook)
    s.admin("repos/test-push-webhook", hook)
    until(lambda: len(s.admin("repos/list-webhook-deliveries", hook)) >= 3, "deliveries are logged")
    first = s.admin("repos/list-webhook-deliveries", hook)[-1]
    assert s.admin("repos/get-webhook-delivery", hook, first.id).event == "ping"
    s.admin("repos/redeliver-webhook-delivery", hook, first.id)
    s.writer("issues/create-label", name="hooked", color="000000")
    s.receiver.wait_for("label", "created")
    s.writer.refused(404, "repos/list-webhooks")
    s.admin("repos/delete-webhook", hook)
    s.admin.refused(404, "repos/get-webhook", hook)


def meta(s: Stage) -> None:
    assert s.ask("", "GET /").status_code == 200
    for path in ("/meta", "/zen", "/versions", "/rate_limit"):
        assert s.ask("reader", f"GET {path}").status_code == 200
    assert s.ask("no such token", "GET /user").status_code == 401
    assert s.ask("", "GET /user").status_code == 401
    assert s.bot("rate-limit/get").resources.core.limit >= 5000


SCENARIOS = (
    the_app,
    installation_tokens,
    suspension,
    app_deliveries,
    repository_hooks,
    meta,
)
