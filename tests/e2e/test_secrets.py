# SPDX-License-Identifier: Apache-2.0
"""Passwords: only the vault can read them, the newest always works, and in clear they
stand in the one call that sets them and nowhere else."""

import hashlib

import pytest

from harness.desk import Desk, instance_for
from harness.events import request
from harness.kafka import Collector

OWN_PASSWORD = "Zt6+kW/own.9fQ"  # of the login that grantd uses here


@pytest.fixture(scope="module")
def desk(open_stage, _grafana):
    if not _grafana.simulated:
        pytest.skip("needs the simulated Grafana")
    stage = open_stage()
    desk = Desk(stage)
    own = desk.person(is_admin=True, password=OWN_PASSWORD)
    stage.worker(settings={**stage.hasty(), "grafana.hasty.user": own.login,
                           "grafana.hasty.password": OWN_PASSWORD, "grafana.main.user": own.login,
                           "grafana.main.password": OWN_PASSWORD}).start()
    yield desk
    desk.settle([OWN_PASSWORD])


def sha256(password):
    return hashlib.sha256(password.encode()).hexdigest()


def passwords_sent(desk, path, since=0):
    """The digest of each password that Grafana was sent, in order."""
    return [entry["password_sha256"] for entry in desk.sim.requests(path=path)
            if entry["n"] > since and entry["path"] != "/login" and entry.get("password_sha256")]


def last_entry(desk):
    return max((entry["n"] for entry in desk.sim.requests()), default=0)


def all_passwords_published(desk, login):
    """What every credential of an account opens to, also those of aborted transactions."""
    collector = Collector(desk.stage.services.brokers, [desk.stage.topics.credentials], committed=False)
    try:
        collector.read_to_end()
        return [desk.stage.vault.open(event) for event in collector.events(desk.stage.topics.credentials)
                if event["data"]["target"]["login"] == login]
    finally:
        collector.close()


@pytest.mark.parametrize("action, data", [
    ("account.create", {}),
    ("org_role.grant", {"org": {"id": 1}, "role": "Editor", "if_no_account": "create"}),
])
def test_the_password_is_sent_once_and_known_to_the_vault_alone(desk, action, data):
    login, since = desk.name(), last_entry(desk)
    outcome = desk.ask(action, user={"login": login}, **data)
    password = desk.password_of(outcome)
    assert desk.grafana.can_log_in(login, password)
    assert passwords_sent(desk, "", since) == [sha256(password)]
    assert all_passwords_published(desk, login) == [password]
    assert outcome["credential"] == {"version": 1}


def test_every_password_is_another(desk):
    outcomes = desk.ask_all(*(request("account.create", user={"login": desk.name()}) for _ in range(40)))
    passwords = {desk.password_of(outcome) for outcome in outcomes}
    assert len(passwords) == 40
    assert all(len(password) == 24 for password in passwords)


@pytest.mark.parametrize("action, data", [("account.reset_password", {}), ("account.create", {"on_existing": "reset"})])
def test_a_reset_ends_all_sessions(desk, action, data):
    ada = desk.person(password="the-old-one-1", sessions=3)
    since = last_entry(desk)
    outcome = desk.ask(action, user=ada.by_login, **data)
    password = desk.password_of(outcome)
    assert desk.sim.account(ada.login)["sessions"] == 0
    assert desk.grafana.can_log_in(ada.login, password)
    assert not desk.grafana.can_log_in(ada.login, "the-old-one-1")
    assert passwords_sent(desk, f"/{ada.id}/password$", since) == [sha256(password)]


def test_a_credential_says_whose_it_is_and_nothing_secret_in_the_clear_parts(desk):
    login = desk.name()
    outcome = desk.ask("account.create", user={"login": login})
    desk.credential_of(outcome)
    [record] = [record for record in desk.stage.committed.records[desk.stage.topics.credentials]
                if record.event()["data"]["target"]["login"] == login]
    data = record.event()["data"]
    assert record.key == f"main/{login}".encode()
    assert (data["kind"], data["alg"], data["enc"]) == ("password", "ECDH-ES", "A256GCM")
    assert data["request"] == outcome["request"]
    assert all(data["sealed"].encode() not in (value or b"") for _, value in record.header_list)
    assert data["sealed"].encode() not in record.key
    # The outcome tells of the credential, and holds nothing of it.
    for record in desk.stage.committed.records[desk.stage.topics.outcomes]:
        assert data["sealed"].encode() not in record.everything()


@pytest.mark.parametrize("kind", ["reset_after", "hang_after", "truncate", "fail_after"])
def test_after_a_doubtful_creation_only_a_newer_password_is_published(desk, kind):
    login = desk.name()
    since = last_entry(desk)
    desk.sim.fault(kind, "POST", "/api/admin/users")
    outcome = desk.ask("account.create", instance=instance_for(kind), user={"login": login})
    assert outcome["result"] == "applied" and outcome["before"] == {"account": False}
    sent = passwords_sent(desk, "", since)
    password = desk.password_of(outcome)
    assert len(sent) == 2 and sent[0] != sent[1] == sha256(password)
    assert outcome["credential"]["version"] == 2
    assert all_passwords_published(desk, login) == [password]
    assert desk.grafana.can_log_in(login, password)


def test_the_version_rises_with_every_doubt(desk):
    ada = desk.person()
    path = f"/api/admin/users/{ada.id}/password"
    for kind in ("reset_after", "truncate", "status"):
        desk.sim.fault(kind, "PUT", path)
    outcome = desk.ask("account.reset_password", user=ada.by_login)
    sent = passwords_sent(desk, f"^{path}$")
    assert len(set(sent)) == len(sent) == 4
    password = desk.password_of(outcome)
    assert sent[-1] == sha256(password)
    assert outcome["credential"]["version"] == 4
    assert all_passwords_published(desk, ada.login) == [password]
    assert desk.grafana.can_log_in(ada.login, password)


def test_what_was_refused_publishes_no_credential(desk):
    """A password that Grafana did not take is worth nothing, and is not told."""
    login = desk.name()
    desk.sim.fault("status", "POST", "/api/admin/users", status=400, message="No, thank you")
    outcome = desk.ask("account.create", user={"login": login})
    assert outcome["result"] == "refused" and "credential" not in outcome
    assert all_passwords_published(desk, login) == []


def test_a_role_that_fails_after_the_creation_does_not_lose_the_password(desk):
    """The account is there, so its password has to be: the outcome is a no with a credential."""
    org, login = desk.org(), desk.name()
    desk.sim.fault("status", "PATCH", f"/api/orgs/{org.id}/users/*", status=400, message="No, thank you")
    outcome = desk.ask("account.create", user={"login": login}, org=org.by_id, role="Editor")
    assert (outcome["result"], outcome["reason"]["code"]) == ("refused", "grafana.rejected")
    assert outcome["after"]["account"] is True and outcome["after"]["role"] == "Viewer"
    assert desk.grafana.can_log_in(login, desk.password_of(outcome))


def test_no_core_dump_can_hold_a_secret(desk):
    for worker in desk.stage.workers:
        with open(f"/proc/{worker.child.pid}/limits", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("Max core file size")]
        assert line.split()[4:6] == ["0", "0"], line


def test_the_own_password_is_on_no_command_line_and_in_no_health_page(desk):
    worker = desk.stage.workers[0]
    with open(f"/proc/{worker.child.pid}/cmdline", "rb") as file:
        assert OWN_PASSWORD.encode() not in file.read()
    for page in ("/livez", "/readyz", "/metrics"):
        status, text = worker.http(page)
        assert status == 200 and OWN_PASSWORD not in text
