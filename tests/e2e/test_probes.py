# SPDX-License-Identifier: Apache-2.0
"""What a worker finds out about its Grafana beside the work, and that an upgrade under it
is noticed."""

import re

import pytest

from harness.desk import Desk, was

pytestmark = pytest.mark.parametrize("_grafana", ["7.5"], indirect=True)


def known(worker, **facts):
    """The newest line that tells of the instance, once it says so."""
    def newest():
        lines = re.findall("grafana is known.*", worker.log())
        return lines and all(f"{name}={value}" in lines[-1] for name, value in facts.items()) and lines[-1]
    worker.wait_for(newest, f"{facts} is known")
    return newest()


@pytest.fixture
def desk(make_stage, sim):
    return Desk(make_stage())


def test_an_upgrade_under_a_running_worker(desk, sim):
    worker = desk.stage.worker({"grafana.main.version_check_ms": 100}).start()
    line = known(worker, version="7.5.5")
    for fact in ('edition="Open Source"', "credential=session", "login=admin", "server_admin=yes",
                 "login_form=on", "smtp=off"):
        assert fact in line, line
    org, ada = desk.org(), desk.person()
    bot = {"org": org.by_id, "service_account": {"name": "bot"}}
    key = {"org": org.by_id, "role": "Viewer", "ttl_s": 600}
    assert "7.5" in was(desk.ask("service_account.create", **bot), "refused", "grafana.unsupported")
    was(desk.ask("api_key.create", **key), "applied", status=200)

    sim.settings(version="9.4")
    was(desk.ask("service_account.create", **bot), "applied", status=201)
    known(worker, version="9.4.0")
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="None"), "refused", "role.invalid", 400)
    was(desk.ask("api_key.create", **key), "applied", status=200)

    sim.settings(version="12.4", smtp=True)
    assert "smtp=on" in known(worker, version="12.4.0")
    assert "12.4" in was(desk.ask("api_key.create", **key), "refused", "grafana.unsupported")
    was(desk.ask("service_account_token.create", **bot, ttl_s=600), "applied", status=200)
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="None"), "applied", status=200)
    assert sim.role(org.id, ada.login) == "None"
    assert "not protected" not in worker.log()
    desk.settle()


def test_a_probe_that_fails_harms_nothing_and_is_said_once(desk, sim):
    sim.fault("status", "GET", "/api/frontend/settings", count=3)
    worker = desk.stage.worker({"grafana.main.version_check_ms": 100}).start()
    ada = desk.person()
    was(desk.ask("account.disable", user=ada.by_login), "applied", status=200)
    known(worker, version="7.5.5")
    assert worker.log().count("grafana could not be probed") == 1
    probes = [entry for entry in sim.requests() if entry["user_agent"] == "grantd probe"]
    assert probes and all(entry["method"] == "GET" for entry in probes)
    desk.settle()
