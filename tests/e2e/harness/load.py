# SPDX-License-Identifier: Apache-2.0
"""Mixed requests on shared accounts, and a model that says what must be so in the end.

Requests of one account have one key, so that their order counts; the model is
told of each in the order in which it is sent. Accounts that a request creates
begin with "new"; those that were there before with "old".
"""

import random
import time

from .events import request
from .grafana import TEST_PASSWORD

ROLES = ("Viewer", "Editor", "Admin")
# A lease and a group session that lapse while a test waits.
SHORT = {"worker.lease_ms": 2500, "grafana.main.connect_timeout_ms": 800,
         "grafana.main.request_timeout_ms": 800, "kafka.property.session.timeout.ms": 1500,
         "kafka.property.heartbeat.interval.ms": 300}


def running_for_an_hour(stage):
    """Redis as it is when grantd has been running for a while. At its first start the ledger
    can't know what came before, and takes a fresh account for one that it may have made."""
    stage.redis.set(f"{{{stage.name}:{stage.group}}}:epoch", f"{int(time.time() - 3600) * 1000}:0")


class Account:
    def __init__(self, login, exists):
        self.login, self.exists = login, exists
        self.disabled = False
        self.roles = {}  # org id: role
        self.creates = self.passwords = 0

    @property
    def email(self):
        return f"{self.login}@example.com"

    @property
    def user(self):
        return {"login": self.login, "email": self.email}


class Load:
    """Makes requests at random; 'seed' makes them the same again."""

    def __init__(self, simulator, name, old=10, new=6, seed=1):
        self.simulator, self.random = simulator, random.Random(seed)
        self.orgs = [simulator.create_org(f"{name} {number}") for number in (1, 2)]
        self.accounts = [Account(f"{name}-old{number}", True) for number in range(old)]
        self.accounts += [Account(f"{name}-new{number}", False) for number in range(new)]
        for account in self.accounts[:old]:
            simulator.add_user(account.login, email=account.email, orgs=[], password=TEST_PASSWORD)
            assert simulator.can_log_in(account.login, TEST_PASSWORD)  # and so has been seen
        self.expected = {}  # request id: the results it may have
        self._creates_before = simulator.counters()["user_creates"]

    # ---- what each action does to an account, and what it may answer ----

    def _grant(self, account):
        org, role = self.random.choice(self.orgs), self.random.choice(ROLES)
        create = not account.exists and self.random.random() < 0.5
        asked = {"org": {"id": org}, "role": role, "if_no_account": "create" if create else None}
        if create:
            account.exists, account.creates, account.passwords = True, account.creates + 1, 1
        if not account.exists:
            return asked, {"refused account.not_found"}
        account.roles[org] = role
        return asked, {"applied ok", "already_so ok"}

    def _revoke(self, account):
        org = self.random.choice(self.orgs)
        account.roles.pop(org, None)
        return {"org": {"id": org}}, {"applied ok", "already_so ok"}

    def _create(self, account):
        if account.exists:
            return {}, {"refused account.exists"}
        account.exists, account.creates, account.passwords = True, account.creates + 1, 1
        return {}, {"applied ok"}

    def _switch(self, account, disabled):
        if not account.exists:
            return {}, {"refused account.not_found"}
        account.disabled = disabled
        return {}, {"applied ok", "already_so ok"}

    def _disable(self, account):
        return self._switch(account, True)

    def _enable(self, account):
        return self._switch(account, False)

    def _reset(self, account):
        if not account.exists:
            return {}, {"refused account.not_found"}
        account.passwords += 1
        return {}, {"applied ok"}

    ACTIONS = (("org_role.grant", _grant, 10), ("org_role.revoke", _revoke, 4),
               ("account.create", _create, 2), ("account.disable", _disable, 1),
               ("account.enable", _enable, 2), ("account.reset_password", _reset, 2))

    def one(self, account=None):
        """One request; the model is as if it had been carried out."""
        account = account or self.random.choice(self.accounts)
        action, effect, _ = self.random.choices(self.ACTIONS, [row[2] for row in self.ACTIONS])[0]
        data, results = effect(self, account)
        event = request(action, user=account.user, **data)
        self.expected[event["id"]] = results
        return event

    def requests(self, count, duplicates=0.1):
        """That many different requests, some of them twice: at once or some time later."""
        made, owed = [], []
        while len(self.expected) < count or owed:
            if owed and (len(self.expected) >= count or self.random.random() < 0.1):
                made.append(owed.pop(0))
                continue
            made.append(self.one())
            if self.random.random() < duplicates:
                (made if self.random.random() < 0.5 else owed).append(made[-1])
        return made

    # ---- in the end ----

    def check_results(self, outcomes):
        """Each outcome is one the request may have; {request key: outcome data}."""
        wrong = []
        for (_source, identity), outcome in outcomes.items():
            got = f"{outcome['result']} {outcome['reason']['code']}"
            if got not in self.expected.get(identity, {got}):
                wrong.append(f"{identity} {outcome['action']}: {got}, not {self.expected[identity]}: "
                             f"{outcome['reason']['message']}")
        assert not wrong, f"{len(wrong)} unexpected results: " + "; ".join(wrong[:10])

    def check_grafana(self):
        """Accounts, roles and switches are as the model says; nothing was created twice."""
        wrong = []
        for account in self.accounts:
            status, _ = self.simulator.api("GET", f"/api/users/lookup?loginOrEmail={account.login}")
            if (status == 200) != account.exists:
                wrong.append(f"{account.login}: lookup answers {status}, exists is {account.exists}")
            if status == 200 and self.simulator.account(account.login)["isDisabled"] != account.disabled:
                wrong.append(f"{account.login}: disabled is not {account.disabled}")
        for org in self.orgs:
            members = self.simulator.expect("GET", f"/api/orgs/{org}/users")
            held = {member["login"]: member["role"] for member in members}
            wrong += [f"{account.login} in {org}: {held.get(account.login)}, not {account.roles.get(org)}"
                      for account in self.accounts if held.get(account.login) != account.roles.get(org)]
        created = self.simulator.counters()["user_creates"] - self._creates_before
        wanted = sum(account.creates for account in self.accounts)
        if created != wanted:
            wrong.append(f"{created} accounts were created, not {wanted}")
        assert not wrong, f"{len(wrong)} differ from the model: " + "; ".join(wrong[:20])

    def check_passwords(self, stage):
        """The newest credential of each account opens to a password that logs in."""
        for account in self.accounts:
            if not account.passwords:
                continue
            password = stage.password_of(account.login)
            if not account.disabled:
                assert self.simulator.can_log_in(account.login, password), (
                    f"{account.login}: the newest credential does not log in")

    def check(self, stage, results=True):
        """After everything was answered and every worker has stopped."""
        if results:
            self.check_results(stage.all_outcomes())
        self.check_grafana()
        self.check_passwords(stage)
