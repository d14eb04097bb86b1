# SPDX-License-Identifier: Apache-2.0
"""The simulated Grafana's invites: what each way of inviting leaves behind, and who gets in.

What a recorded 9.4 answered is in test_simulator.py.
"""

import re

import pytest

from test_simulator import Sim

VERSIONS = ["9.4", "10.1", "10.4", "11.6", "12.4"]
GRACE = "grace@example.com"


@pytest.fixture(scope="module", params=VERSIONS)
def server(request):
    sim = Sim("--version", request.param)
    sim.version = tuple(int(part) for part in request.param.split("."))
    yield sim
    sim.stop()


@pytest.fixture
def sim(server):
    server.control("POST", "reset")
    server.control("POST", "settings", {"smtp": True, "login_form": True})
    return server


def invite(sim, whom=GRACE, role="Viewer", mail=True, org=1):
    return sim.api("POST", "/api/org/invites", {"loginOrEmail": whom, "name": "", "role": role, "sendEmail": mail},
                   headers={"X-Grafana-Org-Id": str(org)})


def pending(sim, org=1):
    status, found = sim.api("GET", "/api/org/invites", headers={"X-Grafana-Org-Id": str(org)})
    assert status == 200
    return found


def complete(sim, code, **fields):
    return sim.api("POST", "/api/user/invite/complete", {
        "inviteCode": code, "email": GRACE, "name": "Grace", "username": "grace", "password": "chosen-1",
        "confirmPassword": "chosen-1", **fields}, login=None)


def test_nothing_keeps_one_person_from_being_invited_twice(sim):
    assert invite(sim) == (200, {"message": f"Sent invite to {GRACE}"})
    assert invite(sim, role="Editor", mail=False) == (200, {"message": f"Created invite for {GRACE}"})
    first, second = pending(sim)
    assert (first["role"], first["emailSent"], second["role"], second["emailSent"]) == ("Viewer", True, "Editor", False)
    assert re.fullmatch(r"\w{30}", first["code"]) and first["code"] != second["code"]
    assert first["url"].endswith("/invite/" + first["code"])
    assert sim.counters()["invite_creates"] == 2


def test_a_login_gets_no_mail(sim):
    sim.control("POST", "settings", {"smtp": False})
    assert invite(sim, "grace") == (200, {"message": "Created invite for grace"})


def test_without_smtp_the_invite_is_saved_all_the_same(sim):
    sim.control("POST", "settings", {"smtp": False})
    status, answer = invite(sim)
    assert status == 412 and answer["message"].startswith("SMTP not configured")
    assert len(pending(sim)) == 1


def test_without_a_login_form_nobody_new_is_invited(sim):
    sim.control("POST", "settings", {"login_form": False})
    status, answer = invite(sim)
    word = "external user " if sim.version >= (10,) else ""
    assert (status, answer["message"]) == (400, f"Cannot invite {word}when login is disabled.")
    assert not pending(sim)


def test_an_account_becomes_a_member_at_once(sim):
    org = sim.control("POST", "orgs", {"name": "Org A"})["id"]
    user = sim.control("POST", "users", {"login": "ada", "email": "ada@example.com", "name": "Ada"})["id"]
    sim.control("PATCH", "users/admin", {"orgs": [{"id": org, "role": "Admin"}]})
    status, answer = invite(sim, "ada@example.com", "Editor", org=org)
    assert (status, answer) == (200, {"message": "Existing Grafana user Ada added to org Org A", "userId": user})
    status, answer = invite(sim, "ada", "Editor", org=org)
    assert (status, answer["message"]) == (412, "User ada is already added to organization")
    assert not pending(sim, org)


def test_a_revoked_one_lets_nobody_in(sim):
    invite(sim)
    (one,) = pending(sim)
    assert sim.api("PATCH", f"/api/org/invites/{one['code']}/revoke", {}) == (200, {"message": "Invite revoked"})
    assert not pending(sim)
    status, answer = complete(sim, one["code"])
    assert (status, answer["message"]) == (412, "Invite cannot be used in status Revoked")
    status, _ = sim.api("PATCH", "/api/org/invites/nope/revoke", {})
    assert status == (404 if sim.version >= (11,) else 200)


def test_who_was_invited_comes_in_once(sim):
    invite(sim, role="Editor")
    (one,) = pending(sim)
    assert complete(sim, "nope")[0] == 404
    assert complete(sim, one["code"], email="eve@example.com")[0] == 400
    status, answer = complete(sim, one["code"])
    assert (status, answer["message"]) == (200, "User created and logged in")
    assert sim.api("GET", f"/api/users/{answer['id']}/orgs")[1][0]["role"] == "Editor"
    assert complete(sim, one["code"])[0] == 412 and not pending(sim)


def test_one_can_be_made_older(sim):
    invite(sim)
    (one,) = pending(sim)
    sim.control("PATCH", f"invites/{one['code']}", {"age_s": 25 * 3600})
    (older,) = pending(sim)
    assert older["createdOn"] < one["createdOn"] and older["code"] == one["code"]
