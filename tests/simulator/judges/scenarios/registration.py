"""An App set up as its users do it: manifest, credentials, installation, removal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import httpx
from githubkit import AppAuthStrategy

from tests.simulator.judges.scenarios.actions import dispatched
from tests.simulator.judges.stage import Stage


def a_new_app(s: Stage) -> None:
    code = code_for(s, "Helper")
    made = s.ask("", f"POST /app-manifests/{code}/conversions")
    assert made.status_code == 201
    assert s.ask("", f"POST /app-manifests/{code}/conversions").status_code == 404
    credentials = made.json()
    helper = s.client(AppAuthStrategy(credentials["id"], credentials["pem"]))
    assert helper("apps/get-authenticated").slug == "helper"
    assert helper("apps/list-installations") == []
    s.receiver.secrets.append(credentials["webhook_secret"])
    helper("apps/update-webhook-config-for-app", url=s.hook_url)
    install_on_shop(s, "helper")
    (installation,) = helper("apps/list-installations")
    s.receiver.wait_for("installation", "created")
    assert installation.repository_selection == "selected"
    s.writer("repos/create-dispatch-event", event_type="unheard", client_payload={"a": 1})
    s.receiver.wait_for("repository_dispatch", "unheard")
    dispatched(s, who="the App")
    s.receiver.wait_for("workflow_dispatch")
    helper("apps/delete-installation", installation.id)
    s.receiver.wait_for("installation", "deleted")
    assert helper("apps/list-installations") == []
    assert helper("apps/list-installation-requests-for-authenticated-app") == []


def code_for(s: Stage, name: str) -> str:
    """What GitHub's page sends back to the bot that asked for an App."""
    manifest = {
        "name": name,
        "url": "https://helper.example/",
        "redirect_url": "https://helper.example/done",
        "default_permissions": {"issues": "write", "contents": "read"},
        "default_events": ["issues", "repository_dispatch", "workflow_dispatch"],
        "public": True,
    }
    form = {"manifest": json.dumps(manifest), "name": name, "state": "abc"}
    answer = submit(s, "/settings/apps", form)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["abc"]
    return str(query["code"][0])


def install_on_shop(s: Stage, slug: str) -> None:
    repository = s.reader("repos/get").id
    form = {"account": "acme", "selection": "selected", "repository": str(repository)}
    assert submit(s, f"/apps/{slug}/installations/new", form).status_code == 303


def submit(s: Stage, path: str, form: Mapping[str, str]) -> httpx.Response:
    """A form of a page, sent by a browser in which the admin has signed in."""
    headers = {"origin": s.simulator.url, "cookie": "acting_as=admin"}
    return s.http.post(f"{s.simulator.url}{path}", data=form, headers=headers)


def installations_of_a_user(s: Stage) -> None:
    other = s.admin("repos/create-in-org", "acme", name="covered").id
    install_on_shop(s, "otp-genesis")
    listed = s.admin("apps/list-installations-for-authenticated-user").installations
    found = next(each for each in listed if each.app_slug == "otp-genesis")
    covered = s.admin("apps/list-installation-repos-for-authenticated-user", found.id)
    assert [e.name for e in covered.repositories] == ["shop"]
    s.admin("apps/add-repo-to-installation-for-authenticated-user", found.id, other)
    s.receiver.wait_for("installation_repositories", "added")
    s.admin("apps/remove-repo-from-installation-for-authenticated-user", found.id, other)
    s.receiver.wait_for("installation_repositories", "removed")
    everything = {"account": "acme", "selection": "all"}
    assert submit(s, "/apps/otp-genesis/installations/new", everything).status_code == 303
    s.admin("repos/delete", "acme", "covered")


SCENARIOS = (a_new_app, installations_of_a_user)
