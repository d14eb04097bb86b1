# SPDX-License-Identifier: Apache-2.0
"""A running worker that the tests of a module share.

Names are made up anew for every test, so that nothing has to be reset between
them; what a test changes beyond that (faults, settings) it puts back.
"""

import contextlib
import itertools
import os

import pytest

from .events import request
from .grafana import TEST_PASSWORD, Simulator
from .invariants import file_places, no_plaintext

_names = itertools.count(1)


class Person:
    """An account that is there: what the tests say of it, and what Grafana knows."""

    def __init__(self, login, email, user_id):
        self.login, self.email, self.id = login, email, user_id

    @property
    def by_login(self):
        return {"login": self.login}

    @property
    def by_email(self):
        return {"email": self.email}

    def target(self, org=None):
        return {"user_id": self.id, "login": self.login, "email": self.email,
                **({"org_id": org.id, "org_name": org.name} if org else {})}


class Org:
    def __init__(self, org_id, name):
        self.id, self.name = org_id, name

    @property
    def by_id(self):
        return {"id": self.id}

    @property
    def by_name(self):
        return {"name": self.name}


class Team:
    def __init__(self, team_id, name):
        self.id, self.name = team_id, name

    @property
    def by_id(self):
        return {"id": self.id}

    @property
    def by_name(self):
        return {"name": self.name}


def was(outcome, result, code="ok", status=None):
    """Result, reason, and what Grafana's own answer was (None: it decided nothing)."""
    reason = outcome["reason"]
    assert (outcome["result"], reason["code"]) == (result, code), reason
    assert (reason["grafana"] or {}).get("status") == status, reason
    return reason["message"]


def instance_for(kind):
    """Who asks when calls meet that kind of fault: what hangs is soon given up."""
    return "hasty" if kind.startswith("hang_") else "main"


def evidence(outcome):
    return outcome.get("before"), outcome.get("after")


class Desk:
    def __init__(self, stage):
        self.stage, self.grafana = stage, stage.grafana
        self.simulators = []

    @property
    def sim(self):
        """The simulated Grafana; a test that needs it is skipped with a real one."""
        if not self.grafana.simulated:
            pytest.skip("needs the simulated Grafana")
        return self.grafana

    @property
    def major(self):
        health = self.grafana.expect("GET", "/api/health")
        return int(health["version"].split(".")[0])

    def another_grafana(self, directory, name):
        """One more of the same version; with a real server, the same once more."""
        if not self.grafana.simulated:
            return self.grafana
        folder = os.path.join(str(directory), name)
        os.makedirs(folder)
        self.simulators.append(Simulator(self.grafana.version, folder))
        return self.simulators[-1]

    def simulator_of(self, version, directory):
        """One more, of that version."""
        self.simulators.append(Simulator(version, str(directory)))
        return self.simulators[-1]

    def guest_instance(self):
        """Settings of an instance "guest": main once more, with a login that has no rights and
        whose password is TEST_PASSWORD."""
        self.guest = self.person(login=self.name("guest"))
        return {**{f"grafana.guest.{key}": value for key, value in self.stage.config["grafana.main"].items()},
                "grafana.guest.user": self.guest.login, "grafana.guest.password": TEST_PASSWORD}

    # ---- people and orgs ----

    def name(self, what="user"):
        return f"{what}-{self.stage.name}-{next(_names)}"

    def person(self, org=None, role=None, login=None, grafana=None, **fields):
        """An account made through the API, or with fields that only the simulator takes."""
        grafana = grafana or self.grafana
        login = login or self.name()
        email = fields.pop("email", f"{login}@example.com")
        if fields:
            assert grafana.simulated, "for the simulator"
            fields.setdefault("orgs", [])
            user_id = grafana.add_user(login, email=email, **fields)
        else:
            user_id = grafana.create_user(login, email)
        if org is not None and role is not None:
            grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": login, "role": role})
        return Person(login, email, user_id)

    def org(self, name=None, grafana=None):
        name = name or self.name("org")
        return Org((grafana or self.grafana).create_org(name), name)

    def team(self, org, *people, grafana=None):
        """A team of the org with those people in it, who need not belong to the org."""
        grafana, name = grafana or self.grafana, self.name("team")
        team = Team(grafana.expect("POST", "/api/teams", {"name": name}, org=org.id)["teamId"], name)
        for person in people:
            grafana.expect("POST", f"/api/teams/{team.id}/members", {"userId": person.id}, org=org.id)
        return team

    def org_of(self, person):
        """An org whose only Admin is that person."""
        org = self.org()
        self.grafana.expect("POST", f"/api/orgs/{org.id}/users",
                            {"loginOrEmail": person.login, "role": "Admin"})
        own = self.grafana.lookup(self.grafana.user)
        self.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/{own['id']}")
        return org

    # ---- asking ----

    def ask(self, action, mode="binary", **data):
        return self.stage.ask(request(action, **data), mode=mode)

    def make_due(self, *outcomes):
        """What was given for a while is to end now."""
        due = f"{{{self.stage.name}:{self.stage.group}}}:due"
        over = {outcome["follow_up"]["request_id"]: 0 for outcome in outcomes}
        assert self.stage.redis.zadd(due, over, xx=True, ch=True) == len(over)

    def end(self, *outcomes):
        """What was given for a while ends now; the data of the outcomes of that."""
        self.make_due(*outcomes)
        return [self.stage.follow_up_of(outcome) for outcome in outcomes]

    def ask_all(self, *requests):
        """Send them at once; the data of their outcomes, in the same order."""
        if requests:
            self.stage.send(*requests)
        return [self.stage.outcome_of(event)["data"] for event in requests]

    def credential_of(self, outcome):
        """The credential event of an outcome; there must be that one and no other."""
        def same(_):
            return [event for event in self.stage.credentials()
                    if event["data"]["request"] == outcome["request"]]

        # It is in another partition than the outcome, so it may be read later.
        [event] = self.stage.committed.until(same, f"a credential for {outcome['request']}")
        assert event["data"]["version"] == outcome["credential"]["version"]
        return event

    def password_of(self, outcome):
        return self.stage.vault.open(self.credential_of(outcome))

    # ---- looking at the simulator's log ----

    @contextlib.contextmanager
    def no_writes(self):
        """Nothing is changed in Grafana meanwhile; with a real one nothing is looked at."""
        if not self.grafana.simulated:
            yield
            return
        before = [entry["n"] for entry in self.grafana.requests()][-1:] or [0]
        yield
        written = self.grafana.sim("GET", f"requests?since={before[0]}&write=true")
        assert not written, f"written: {[(entry['method'], entry['path']) for entry in written]}"

    def settle(self, secrets=()):
        """Stop and check everything; the logs of the other simulators too."""
        for worker in self.stage.workers:
            assert worker.running(), f"{worker.name} has died\n{worker.log_tail()}"
        self.stage.settle(secrets)
        opened = [self.stage.vault.open(event) for event in self.stage.credentials()]
        no_plaintext([*opened, *secrets], file_places(*(sim.journal_path for sim in self.simulators)))

    def close(self):
        for simulator in self.simulators:
            simulator.close()
