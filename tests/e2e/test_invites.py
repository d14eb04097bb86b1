# SPDX-License-Identifier: Apache-2.0
"""Invites: by mail and by link, for people without an account and for those with one."""

import itertools
import re
import signal

import pytest

from harness.desk import Desk, evidence, instance_for, was
from harness.events import request
from harness.grafana import TEST_PASSWORD
from harness.load import SHORT, running_for_an_hour

CHOSEN = "chosen-by-grace-1"
_people = itertools.count(1)
LOST = ["reset_after", "hang_after", "fail_after", "truncate", "bad_json", "html503"]


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    stage.worker(settings={
        **stage.hasty(), **desk.guest_instance(), "worker.retry_base_ms": 20}).start()
    yield desk
    desk.settle([TEST_PASSWORD, CHOSEN])


@pytest.fixture(autouse=True)
def smtp(desk):
    """Grafana sends mails unless a test says otherwise."""
    desk.sim.settings(smtp=True, login_form=True)
    yield
    desk.sim.clear_faults()
    desk.sim.settings(smtp=False, login_form=True)


def somebody():
    return {"email": f"grace{next(_people)}@example.com"}


def pending(desk, org, user):
    """The invites that wait for that person, as the server lists them."""
    return [invite for invite in desk.grafana.expect("GET", "/api/org/invites", org=org.id)
            if invite["email"] == user["email"]]


def take(desk, org, user, outcome):
    """Open the credential of an outcome, and go in with it."""
    event = desk.credential_of(outcome)
    assert event["data"]["kind"] == "invite_link"
    assert event["data"]["expires_at"] == outcome["expires_at"]
    link = desk.stage.vault.open(event)
    code = re.fullmatch(r"https?://\S+/invite/(\w+)", link).group(1)
    desk.grafana.expect("POST", "/api/user/invite/complete", {
        "inviteCode": code, "email": user["email"], "name": "Grace", "username": user["email"].split("@")[0],
        "password": CHOSEN, "confirmPassword": CHOSEN})
    return code


def test_a_mail_is_sent_and_the_invite_waits(desk):
    org, grace = desk.org(), somebody()
    outcome = desk.ask("invite.create", org=org.by_name, user=grace, role="Editor")
    assert "mail" in was(outcome, "needs_action", status=200)
    (invite,) = pending(desk, org, grace)
    assert (invite["role"], invite["emailSent"]) == ("Editor", True)
    assert outcome["target"] == {"email": grace["email"], "org_id": org.id, "org_name": org.name}
    assert evidence(outcome) == ({"exists": False}, {"exists": True})
    assert outcome["expires_at"] > outcome["finished_at"] and "credential" not in outcome
    with desk.no_writes():
        outcome = desk.ask("invite.create", org=org.by_id, user={"email": grace["email"].upper()}, role="Editor")
    was(outcome, "already_so")
    assert evidence(outcome) == ({"exists": True}, {"exists": True})


def test_a_link_goes_to_the_vault_and_lets_its_person_in(desk):
    org, grace = desk.org(), somebody()
    outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Viewer", delivery="link")
    was(outcome, "needs_action", status=200)
    assert outcome["credential"] == {"version": 1}
    assert not pending(desk, org, grace)[0]["emailSent"]
    take(desk, org, grace, outcome)
    assert desk.grafana.role(org.id, grace["email"].split("@")[0]) == "Viewer"
    assert not pending(desk, org, grace)


def test_another_role_makes_another_invite(desk):
    org, grace = desk.org(), somebody()
    was(desk.ask("invite.create", org=org.by_id, user=grace, role="Viewer"), "needs_action", status=200)
    was(desk.ask("invite.create", org=org.by_id, user=grace, role="Admin"), "needs_action", status=200)
    assert [invite["role"] for invite in pending(desk, org, grace)] == ["Admin"]


def test_what_others_have_invited_several_times_is_one_invite_afterwards(desk):
    org, grace = desk.org(), somebody()
    for role in ("Viewer", "Editor", "Editor"):
        desk.grafana.expect("POST", "/api/org/invites",
                            {"loginOrEmail": grace["email"], "role": role, "sendEmail": False}, org=org.id)
    desk.ask("invite.create", org=org.by_id, user=grace, role="Editor")
    assert [invite["role"] for invite in pending(desk, org, grace)] == ["Editor"]


def test_more_than_anybody_would_count(desk):
    """However many there are: Grafana lists them on one page."""
    org, grace = desk.org(), somebody()
    for role in ["Viewer", "Editor"] * 13 + ["Viewer"]:
        desk.grafana.expect("POST", "/api/org/invites",
                            {"loginOrEmail": grace["email"], "role": role, "sendEmail": False}, org=org.id)
    newest = max(invite["id"] for invite in pending(desk, org, grace) if invite["role"] == "Editor")
    was(desk.ask("invite.create", org=org.by_id, user=grace, role="Editor"), "needs_action", status=200)
    assert [invite["id"] for invite in pending(desk, org, grace)] == [newest]
    for role in ["Viewer", "Editor"] * 10:
        desk.grafana.expect("POST", "/api/org/invites",
                            {"loginOrEmail": grace["email"], "role": role, "sendEmail": False}, org=org.id)
    outcome = desk.ask("invite.revoke", org=org.by_id, user=grace)
    assert "21 invites" in was(outcome, "applied", status=200)
    assert not pending(desk, org, grace)


def test_one_that_is_overdue_is_made_anew(desk):
    """Grafana lists it for a while after nobody gets in by it any more."""
    org, grace = desk.org(), somebody()
    desk.ask("invite.create", org=org.by_id, user=grace, role="Editor", delivery="link")
    (old,) = pending(desk, org, grace)
    desk.sim.expect("PATCH", f"/sim/invites/{old['code']}", {"age_s": 23 * 3600})
    with desk.no_writes():
        outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Editor")
        was(outcome, "already_so")
    assert outcome["expires_at"] > outcome["finished_at"]
    desk.sim.expect("PATCH", f"/sim/invites/{old['code']}", {"age_s": 25 * 3600})
    outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Editor", delivery="link")
    was(outcome, "needs_action", status=200)
    assert outcome["expires_at"] > outcome["finished_at"]
    (new,) = pending(desk, org, grace)
    assert new["code"] != old["code"] and take(desk, org, grace, outcome) == new["code"]


def test_who_has_an_account_is_added(desk):
    org, ada = desk.org(), desk.person()
    outcome = desk.ask("invite.create", org=org.by_id, user=ada.by_email, role="Editor")
    assert "has an account" in was(outcome, "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Editor"
    assert evidence(outcome) == ({"account": True, "role": None}, {"account": True, "role": "Editor"})
    with desk.no_writes():
        was(desk.ask("invite.create", org=org.by_id, user=ada.by_email, role="Editor"), "already_so")


def test_without_smtp_the_link_goes_to_the_vault(desk):
    desk.sim.settings(smtp=False)
    org, grace = desk.org(), somebody()
    outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Editor")
    assert "vault" in was(outcome, "needs_action", status=412)
    assert len(pending(desk, org, grace)) == 1
    take(desk, org, grace, outcome)


def test_a_grant_can_invite(desk):
    org, grace = desk.org(), somebody()
    outcome = desk.ask("org_role.grant", org=org.by_id, user=grace, role="Editor", if_no_account="invite")
    was(outcome, "needs_action", status=200)
    assert [invite["role"] for invite in pending(desk, org, grace)] == ["Editor"]
    outcome = desk.ask("org_role.grant", org=org.by_id, user=grace, role="Editor", if_no_account="invite",
                       expected_role="Viewer")
    assert was(outcome, "refused", "request.invalid").startswith("data.expected_role: ")


def test_revoke_takes_all_of_them_back(desk):
    org, grace = desk.org(), somebody()
    was(desk.ask("invite.create", org=org.by_id, user=grace, role="Viewer"), "needs_action", status=200)
    outcome = desk.ask("invite.revoke", org=org.by_id, user=grace)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"exists": True}, {"exists": False})
    assert not pending(desk, org, grace)
    with desk.no_writes():
        was(desk.ask("invite.revoke", org=org.by_id, user=grace), "already_so")


# ---- noes ----


def test_where_nobody_can_log_in_nobody_is_invited(desk):
    desk.sim.settings(login_form=False)
    org, grace = desk.org(), somebody()
    outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Editor")
    assert "identity provider" in was(outcome, "refused", "grafana.unsupported", 400)
    assert not pending(desk, org, grace)


def test_an_org_that_is_not_there(desk):
    for action, more in (("invite.create", {"role": "Viewer"}), ("invite.revoke", {})):
        was(desk.ask(action, org={"name": desk.name("org")}, user=somebody(), **more), "refused", "org.not_found")


def test_without_rights(desk):
    org = desk.org()
    for action, more in (("invite.create", {"role": "Viewer"}), ("invite.revoke", {})):
        outcome = desk.ask(action, instance="guest", org=org.by_id, user=somebody(), **more)
        was(outcome, "refused", "grafana.permission", 403)


def test_a_full_org(desk):
    desk.sim.fault("status", "POST", "/api/org/invites", status=403, message="user Quota reached")
    outcome = desk.ask("invite.create", org={"id": 1}, user=somebody(), role="Viewer")
    was(outcome, "refused", "grafana.quota", 403)


def test_a_role_the_server_does_not_know(desk):
    if desk.major >= 10:
        pytest.skip("it knows None")
    outcome = desk.ask("invite.create", org={"id": 1}, user=somebody(), role="None")
    was(outcome, "refused", "role.invalid", 400)


def test_without_a_vault_no_link_is_begun(open_stage):
    desk = Desk(open_stage())
    desk.stage.worker(settings={"vault.key_file": ""}).start()
    org, grace = desk.org(), somebody()
    with desk.no_writes():
        outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Viewer", delivery="link")
        was(outcome, "refused", "vault.no_key")
    desk.sim.settings(smtp=False)
    outcome = desk.ask("invite.create", org=org.by_id, user=grace, role="Viewer")
    assert outcome["reason"]["code"] == "vault.no_key" and not pending(desk, org, grace)
    desk.settle()


# ---- lost answers, kills ----


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_makes_no_second_invite(desk, kind):
    org, grace = desk.org(), somebody()
    desk.sim.fault(kind, "POST", "/api/org/invites")
    outcome = desk.ask("invite.create", instance=instance_for(kind), org=org.by_id, user=grace, role="Editor",
                       delivery="link")
    assert outcome["result"] == "needs_action"
    assert len(pending(desk, org, grace)) == 1
    take(desk, org, grace, outcome)


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_a_revocation(desk, kind):
    org, grace = desk.org(), somebody()
    desk.ask("invite.create", org=org.by_id, user=grace, role="Editor")
    desk.sim.fault(kind, "PATCH", "/api/org/invites/*/revoke")
    assert desk.ask("invite.revoke", instance=instance_for(kind), org=org.by_id, user=grace)["result"] == "applied"
    assert not pending(desk, org, grace)


@pytest.mark.parametrize("point", ["after_write:1", "after_write:2", "after_step:1", "after_step:2", "after_step:3"])
def test_a_worker_killed_in_between(sim, make_stage, point):
    stage = make_stage()
    running_for_an_hour(stage)
    desk, org, grace = Desk(stage), None, somebody()
    org = desk.org()
    sim.expect("POST", "/api/org/invites", {"loginOrEmail": grace["email"], "role": "Viewer", "sendEmail": False},
               org=org.id)
    asked = request("invite.create", org=org.by_id, user=grace, role="Editor", delivery="link")
    stage.send(asked)
    worker = stage.worker(SHORT, {"GRANTD_DEBUG_CRASH": point}, "crash/grantd", name="w1").start(ready=False)
    worker.wait_exit(-signal.SIGKILL)
    stage.worker(SHORT, name="w1").start(ready=False)
    outcome = stage.outcome_of(asked)["data"]
    assert outcome["result"] == "needs_action"
    assert [invite["role"] for invite in pending(desk, org, grace)] == ["Editor"]
    code = take(desk, org, grace, outcome)
    stage.settle([code])
