# SPDX-License-Identifier: Apache-2.0
"""Grafana 7.5 has legacy keys, and no service accounts yet."""

import pytest

from harness.desk import Desk, was

pytestmark = pytest.mark.parametrize("_grafana", ["7.5"], indirect=True)


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    stage.worker().start()
    desk = Desk(stage)
    yield desk
    desk.settle()


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
