# SPDX-License-Identifier: Apache-2.0
"""Grafana 7.5 has legacy keys, and no service accounts yet."""

import pytest

from harness.desk import was

pytestmark = pytest.mark.parametrize("_grafana", ["7.5"], indirect=True)


@pytest.mark.parametrize("action", [
    "service_account.create", "service_account.disable", "service_account.delete",
    "service_account_token.create", "service_account_token.rotate"])
def test_there_are_no_service_accounts(desk, action):
    org = desk.org()
    with desk.no_writes():
        outcome = desk.ask(action, org=org.by_id, service_account={"name": "bot"})
    assert "api_key.create" in was(outcome, "refused", "grafana.unsupported")


@pytest.mark.parametrize("kind", [None, "reset_after", "truncate"])
def test_a_legacy_key(desk, kind):
    org = desk.org()
    if kind is not None:
        desk.sim.fault(kind, "POST", "/api/auth/keys")
    outcome = desk.ask("api_key.create", org=org.by_id, role="Viewer", ttl_s=600)
    was(outcome, "applied", status=200)
    assert outcome["credential"] == {"version": 1 if kind is None else 2}
    assert desk.grafana.org_of_key(desk.password_of(outcome)) == org.id
    [key] = desk.grafana.expect("GET", "/api/auth/keys", org=org.id)
    assert key["id"] == outcome["target"]["token_id"]
    was(desk.ask("api_key.delete", org=org.by_id, api_key={"id": key["id"]}), "applied", status=200)
    was(desk.ask("api_key.delete", org=org.by_id, api_key={"id": key["id"]}), "already_so")


def test_an_org_with_more_keys_than_are_listed(desk):
    """Grafana lists the first hundred, by name. What it does not list is not taken for absent."""
    org = desk.org()
    made = {name: desk.grafana.expect("POST", "/api/auth/keys", {"name": name, "role": "Viewer"}, org=org.id)["id"]
            for name in [f"k{number:03}" for number in range(101)]}
    with desk.no_writes():
        for asked in ({"name": "k100"}, {"id": made["k100"]}, {"name": "nothing"}):
            outcome = desk.ask("api_key.delete", org=org.by_id, api_key=asked)
            assert "first 100 keys" in was(outcome, "refused", "grafana.unsupported", 200)
        outcome = desk.ask("api_key.create", org=org.by_id, api_key={"name": "z"}, role="Viewer")
        was(outcome, "refused", "grafana.unsupported", 200)
    desk.sim.fault("reset_after", "DELETE", "/api/auth/keys/*")
    was(desk.ask("api_key.delete", org=org.by_id, api_key={"name": "k000"}), "applied")
    was(desk.ask("api_key.delete", org=org.by_id, api_key={"name": "k100"}), "applied", status=200)
    was(desk.ask("api_key.create", org=org.by_id, api_key={"name": "z"}, role="Viewer"), "applied", status=200)


@pytest.mark.parametrize("kind", ["reset_after", "fail_after", "truncate", "bad_json"])
def test_a_lost_answer_to_the_deletion_of_a_key(desk, kind):
    org = desk.org()
    desk.grafana.expect("POST", "/api/auth/keys", {"name": "old", "role": "Viewer"}, org=org.id)
    desk.sim.fault(kind, "DELETE", "/api/auth/keys/*")
    outcome = desk.ask("api_key.delete", org=org.by_id, api_key={"name": "old"})
    was(outcome, "applied", status=(outcome["reason"]["grafana"] or {}).get("status"))
    assert outcome["before"] == {"exists": True, "role": "Viewer", "name": "old"}
    assert desk.grafana.expect("GET", "/api/auth/keys", org=org.id) == []
