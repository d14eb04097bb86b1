# SPDX-License-Identifier: Apache-2.0
"""The Grafana under a test: the simulated one, or a real one named by GRAFANA_URL.

What tests look at goes through Grafana's own API, so that both answer alike;
only what injects faults or reads the request log needs the simulator.
"""

import base64
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

from .paths import DEADLINE_S, binary, wait_until
from .process import Process

TEST_PASSWORD = "made-by-the-test-1"  # of accounts that tests make


def call(url, method, body=None, headers=None, timeout_s=30):
    """(status, decoded JSON or text) of one request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={
        **({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode(errors="replace")


def quote(text):
    return urllib.parse.quote(text, safe="")


class Grafana:
    """A server that has been there before the tests and stays."""

    simulated = False

    def __init__(self, url, user, password):
        self.url, self.user, self.password = url.rstrip("/"), user, password

    def api(self, method, path, body=None, org=None, login=None):
        """One call with basic auth; 'login' is (user, password) if not the admin's."""
        pair = ":".join(login or (self.user, self.password)).encode()
        headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        if org is not None:
            headers["X-Grafana-Org-Id"] = str(org)
        return call(self.url + path, method, body, headers)

    def expect(self, method, path, body=None, org=None, status=200):
        """The same, for calls that set up or look at a test's state."""
        got, answer = self.api(method, path, body, org)
        assert got == status, f"{method} {path}: {got} {answer}"
        return answer

    def create_org(self, name):
        return self.expect("POST", "/api/orgs", {"name": name})["orgId"]

    def create_user(self, login, email=None, password=TEST_PASSWORD, name=""):
        return self.expect("POST", "/api/admin/users", {
            "login": login, "email": email or f"{login}@example.com", "name": name,
            "password": password})["id"]

    def lookup(self, login_or_email):
        """The user as /api/users/lookup gives it, or None."""
        status, answer = self.api("GET", f"/api/users/lookup?loginOrEmail={quote(login_or_email)}")
        assert status in (200, 404), f"lookup of {login_or_email}: {status} {answer}"
        return answer if status == 200 else None

    def role(self, org_id, login):
        """The role held in the org, or None."""
        members = self.expect("GET", f"/api/orgs/{org_id}/users")
        roles = [member["role"] for member in members if member["login"].lower() == login.lower()]
        assert len(roles) <= 1, f"{login} is {len(roles)} times in org {org_id}"
        return roles[0] if roles else None

    def team_members(self, org_id, team_id):
        """The ids of who is in the team, but for this client's own login, which is in those it made."""
        members = self.expect("GET", f"/api/teams/{team_id}/members", org=org_id)
        return {member["userId"] for member in members if member["login"] != self.user}

    def teams(self, org_id):
        """{name: id} of the org's teams."""
        found = self.expect("GET", "/api/teams/search", org=org_id)["teams"]
        return {team["name"]: team["id"] for team in found}

    def service_account(self, org_id, name, role="Viewer", **more):
        """The id of a new one."""
        made = self.expect("POST", "/api/serviceaccounts", {"name": name, "role": role, **more}, org=org_id, status=201)
        return made["id"]

    def service_accounts(self, org_id):
        """{name: account} of the org."""
        found = self.expect("GET", "/api/serviceaccounts/search", org=org_id)["serviceAccounts"]
        return {account["name"]: account for account in found}

    def token(self, org_id, account_id, name, **more):
        """(id, key) of a new one."""
        path = f"/api/serviceaccounts/{account_id}/tokens"
        made = self.expect("POST", path, {"name": name, **more}, org=org_id)
        return made["id"], made["key"]

    def tokens(self, org_id, account_id):
        """{name: id} of the account's tokens."""
        found = self.expect("GET", f"/api/serviceaccounts/{account_id}/tokens", org=org_id)
        return {token["name"]: token["id"] for token in found}

    def org_of_key(self, key):
        """The id of the org that a token or legacy key lets into; None if it does not."""
        status, answer = call(self.url + "/api/org", "GET", headers={"Authorization": "Bearer " + key})
        return answer["id"] if status == 200 else None

    def is_server_admin(self, login):
        return self.expect("GET", f"/api/users/{self.lookup(login)['id']}")["isGrafanaAdmin"]

    def can_log_in(self, login, password):
        return self.api("GET", "/api/user", login=(login, password))[0] == 200


class Simulator(Grafana):
    """build/grafana-sim in one version, with faults on demand and a log of requests."""

    simulated = True

    def __init__(self, version, log_dir):
        self.version = version
        self.journal_path = os.path.join(log_dir, f"sim-{version}.requests")
        self.process = Process(
            f"grafana-sim {version}",
            [binary("grafana-sim"), "--port", "0", "--version", version, "--log", self.journal_path],
            os.path.join(log_dir, f"sim-{version}.log"))
        self.process.spawn()
        where = self.process.wait_log(r"listening on (127\.0\.0\.1:\d+)").group(1)
        super().__init__(f"http://{where}", "admin", "admin")
        self._first_settings = self.sim("GET", "settings")

    def sim(self, method, path, body=None):
        status, answer = call(f"{self.url}/sim/{path}", method, body)
        assert 200 <= status < 300, f"{method} /sim/{path}: {status} {answer}"
        return answer

    def reset(self):
        """Back to a fresh server: as started, no users but admin, no faults, an empty log."""
        self.sim("POST", "settings", self._first_settings)
        self.sim("POST", "reset", {})
        self.sim("DELETE", "attempts")
        self.forget_requests()

    def settings(self, **settings):
        self.sim("POST", "settings", settings)

    def fault(self, kind, method, path, **options):
        """Have the next matching requests fail: any method is "*", so is any one segment of
        the path. Kinds and options (count, skip, status, ...): tests/simulator/README.md."""
        self.sim("POST", "faults", {"method": method, "path": path, "kind": kind, **options})

    def clear_faults(self):
        self.sim("DELETE", "faults")

    def requests(self, method=None, path=None):
        """What was asked so far, oldest first; 'path' is a regular expression."""
        return [entry for entry in self.sim("GET", "requests")
                if (method is None or entry["method"] == method)
                and (path is None or re.search(path, entry["path"]))]

    def release(self):
        """What has arrived and is held up by a fault goes on."""
        wait_until(lambda: self.sim("POST", "release")["released"], "something is held", DEADLINE_S)

    def forget_requests(self):
        self.sim("DELETE", "requests")

    def state(self):
        return self.sim("GET", "state")

    def counters(self):
        """How often each kind of write took effect."""
        return self.state()["counters"]

    def add_user(self, login, **fields):
        """An account as Grafana's API could not make it: from an identity provider, say."""
        return self.sim("POST", "users", {"login": login, **fields})["id"]

    def change_user(self, login, **fields):
        self.sim("PATCH", f"users/{quote(login)}", fields)

    def account(self, login):
        return self.sim("GET", f"users/{quote(login)}")

    def cookies(self):
        """The values of the session cookies, of whomever."""
        return self.sim("GET", "cookies")

    def close(self):
        self.process.kill()
        self.process.assert_no_sanitizer_report()
