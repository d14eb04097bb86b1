# SPDX-License-Identifier: Apache-2.0
"""grantctl doctor against a Grafana that has a problem, and one that has not. One simulator,
neither Kafka nor Redis: the doctor asks neither."""

import json
import re
import subprocess

import pytest

from harness.grafana import Simulator
from harness.paths import binary
from harness.process import environment
from harness.stage import TokenInstance
from harness.worker import write_ini

OK, NO, UNREACHABLE = 0, 1, 4
ENVIRONMENT = environment()
ALWAYS = "auto_assign_org"  # a server assigns new accounts an org, or makes one for each
SEVERITIES = ("error", "warn", "info")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    simulator = Simulator("12.4", str(tmp_path_factory.mktemp("doctor")))
    yield simulator
    simulator.close()


class Doctor:
    def __init__(self, sim, directory):
        self.sim, self.path = sim, str(directory / "grantd.ini")

    def run(self, *arguments, expected=None, **instance):
        tokens = instance.pop("tokens", {})
        write_ini(self.path, {
            "kafka": {"brokers": "127.0.0.1:1"}, "redis": {"url": "redis://127.0.0.1:1"}, "tokens": tokens,
            "grafana.main": {"url": self.sim.url, "user": self.sim.user, "password": self.sim.password, **instance}})
        done = subprocess.run([binary("grantctl"), "-c", self.path, "doctor", *arguments], capture_output=True,
                              text=True, timeout=120, check=False, env=ENVIRONMENT)
        assert expected is None or done.returncode == expected, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def findings(self, **instance):
        """{id: finding} of one visit; the exit code says whether one is an error."""
        shown = json.loads(self.run("--json", **instance))
        assert shown["error"] is None and shown["instance"] == "main"
        found = {finding["id"]: finding for finding in shown["findings"]}
        order = [SEVERITIES.index(finding["severity"]) for finding in shown["findings"]]
        assert order == sorted(order)
        self.run("--json", expected=NO if 0 in order else OK, **instance)
        for finding in shown["findings"]:
            assert set(finding) == {"id", "severity", "fact", "consequence", "change"} and all(finding.values())
        return found


@pytest.fixture
def doctor(server, tmp_path):
    server.reset()
    server.settings(smtp=True)
    server.forget_requests()
    return Doctor(server, tmp_path)


def on(section, **keys):
    return {"ini": {section: {"enabled": "true", **keys}}}


def ini(section, **keys):
    return {"ini": {section: keys}}


CAP = {"key_max_ttl_s": 3600}
# (the finding, what the server is set to, what grantd is set to)
PROBLEMS = [
    ("version_old", {"number": "7.4.5"}, {}),
    ("version_untested", {"number": "13.0.1"}, {}),
    ("version_hidden", {"number": "unknown"}, {}),
    ("no_service_accounts", {"number": "8.4.11"}, {}),
    *(("role_sync", on(f"auth.{module}"), {}) for module in (
        "generic_oauth", "google", "github", "gitlab", "azuread", "okta", "grafana_com", "grafananet", "ldap", "saml",
        "proxy")),
    ("role_sync", on("auth.jwt", role_attribute_path="role"), {}),
    ("role_sync", {"number": "9.4.0", **on("auth.proxy", headers="Name:X-Name Role:X-Role")}, {}),
    ("scim", ini("auth.scim", user_sync_enabled="true"), {}),
    ("login_form_off", {"login_form": False}, {}),
    ("basic_auth_off", ini("auth.basic", enabled="false"), {}),
    ("smtp_off", {"smtp": False}, {}),
    ("password_policy", {"password_policy": True}, {}),
    ("auto_assign_role", ini("users", auto_assign_org_role="Editor"), {}),
    ("auto_assign_missing", ini("users", auto_assign_org_id="99"), {}),
    ("personal_orgs", {"auto_assign_org": False}, {}),
    ("sign_up", ini("users", allow_sign_up="true"), {}),
    ("org_create", ini("users", allow_org_create="true"), {}),
    ("anonymous", on("auth.anonymous"), {}),
    ("viewers_can_edit", ini("users", viewers_can_edit="true"), {}),
    ("editors_can_admin", ini("users", editors_can_admin="true"), {}),
    ("brute_force_off", {"brute_force": False}, {}),
    ("brute_force_wait", {}, {"unauthorized_wait_ms": 300000}),
    ("token_ttl", CAP, {"tokens": {"ttl_s": 7200, "max_ttl_s": 7200}}),
    ("token_max_ttl", CAP, {"tokens": {"ttl_s": 3600, "max_ttl_s": 3601}}),
    ("token_max_ttl", {"token_limit_days": 1}, {"tokens": {"ttl_s": 86400, "max_ttl_s": 86401}}),
    ("token_never", CAP, {"tokens": {"ttl_s": 60, "max_ttl_s": 3600, "never_expiring": "yes"}}),
    ("session_short", ini("auth", login_maximum_lifetime_duration="30m"), {}),
    ("session_short", ini("auth", login_maximum_inactive_lifetime_duration="59m59s"), {}),
    ("session_rotation", ini("auth", token_rotation_interval_minutes="1"), {}),
    ("quota", on("quota", global_user="50"), {}),
]
ALSO = {"token_ttl": {"token_max_ttl"}}
INSTEAD = {"auto_assign_role", "personal_orgs"}


@pytest.mark.parametrize("name, set_to, grantd", PROBLEMS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_problem_is_found_and_nothing_else(doctor, name, set_to, grantd):
    doctor.sim.settings(**set_to)
    found = doctor.findings(**grantd)
    assert set(found) == {name} | ALSO.get(name, set()) | (set() if name in INSTEAD else {ALWAYS})
    for section, keys in set_to.get("ini", {}).items():
        if name == "role_sync":
            assert f"[{section}]" in found[name]["fact"]
            assert "role_attribute_path" in keys or section == "auth.proxy" or \
                f"[{section}] skip_org_role_sync = true" in found[name]["change"]


@pytest.mark.parametrize("version", ["7.5", "9.4", "10.1", "10.4", "11.6", "12.4"])
def test_a_server_as_it_should_be_has_none(doctor, version):
    doctor.sim.settings(version=version)
    skips = {section: {"enabled": "true", "skip_org_role_sync": "true"}
             for section in ("auth.google", "auth.ldap", "auth.saml", "auth.jwt", "auth.generic_oauth")}
    doctor.sim.settings(ini={
        **skips, "quota": {"enabled": "true", "org_user": "-1", "org_api_key": "-1", "global_user": "-1"},
        "auth": {"login_maximum_lifetime_duration": "30d", "login_maximum_inactive_lifetime_duration": "7d"}})
    expected = {ALWAYS, "no_service_accounts"} if version == "7.5" else {ALWAYS}
    assert set(doctor.findings(tokens={"never_expiring": "yes"})) == expected
    # The same bounds, and settings that stay within them.
    doctor.sim.settings(key_max_ttl_s=3600, ini={"auth.google": {"skip_org_role_sync": "true"}})
    assert set(doctor.findings(tokens={"ttl_s": 3600, "max_ttl_s": 3600}, auth="basic")) >= {ALWAYS}
    assert not [entry for entry in doctor.sim.requests() if entry["write"] and not entry["path"].startswith("/log")]


def test_rights_that_are_missing(doctor):
    sim = doctor.sim
    sim.create_user("bob")
    assert set(doctor.findings(user="bob", password="made-by-the-test-1")) == {"not_server_admin", "settings_unread"}
    other = sim.sim("POST", "orgs", {"name": "Elsewhere"})["id"]
    found = doctor.findings()
    assert set(found) == {"not_org_admin", ALWAYS}
    assert "1 of 2 orgs" in found["not_org_admin"]["fact"] and "Elsewhere" in found["not_org_admin"]["fact"]
    sim.expect("POST", f"/api/orgs/{other}/users", {"loginOrEmail": sim.user, "role": "Admin"})
    assert set(doctor.findings()) == {ALWAYS}


def test_a_token(doctor):
    admin, viewer = TokenInstance(doctor.sim, 1), TokenInstance(doctor.sim, 1, role="Viewer", name="weak")
    one_org = {"token_one_org", "settings_unread"}
    bare = {"user": None, "password": None}
    assert set(doctor.findings(token=admin.key, service_account="grantd-itself", **bare)) == one_org
    assert set(doctor.findings(token=admin.key, **bare)) == one_org  # this Grafana tells whose it is
    doctor.sim.settings(version="10.4")
    assert set(doctor.findings(token=admin.key, service_account="grantd-itself", **bare)) == one_org
    assert set(doctor.findings(token=admin.key, **bare)) == one_org | {"token_unprotected"}
    found = doctor.findings(token=viewer.key, service_account="weak", **bare)
    assert set(found) == one_org | {"token_rights"} and admin.key not in json.dumps(found)


def test_what_cannot_be_asked(doctor):
    assert "invalid" in doctor.run(password="not-it", expected=NO).lower()
    shown = json.loads(doctor.run("--json", url="http://127.0.0.1:1", expected=UNREACHABLE))
    assert shown["error"] and not shown["findings"]


def test_text_and_list(doctor):
    shown = doctor.run(expected=OK)
    assert re.match(r"grafana\.main: version 12\.4\.0 Open Source, session, 1 finding\n  info  auto_assign_org: ", shown)
    assert "change: [users] auto_assign_org" in shown
    with open(__file__.replace("tests/e2e/test_doctor.py", "docs/doctor.md"), encoding="utf-8") as file:
        listed = file.read()
    assert doctor.run("--list", expected=OK) == listed
    documented = set(re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE))
    shown_here = {row[0] for row in PROBLEMS} | {
        ALWAYS, "not_server_admin", "not_org_admin", "settings_unread", "token_one_org", "token_unprotected",
        "token_rights"}
    assert documented == shown_here
