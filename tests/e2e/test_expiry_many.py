# SPDX-License-Identifier: Apache-2.0
"""A thousand overlapping grants that end by themselves, while workers are killed, people are
revoked or given roles for good, and somebody changes roles by hand.

What must be so is derived from the committed outcomes, in the order in which they ended, and
from the moments of the changes by hand: by a model that knows nothing of how grantd works.
"""

import collections
import datetime
import itertools
import json
import random
import time

import pytest

from conftest import VERSIONS
from harness.events import REQUEST_TYPE, request, request_key
from harness.load import SHORT, running_for_an_hour

SEED, PEOPLE, GRANTS, SENDING_S, KILL_EVERY_S = 20261123, 60, 1000, 12, 3
ROLES = ("Viewer", "Editor", "Admin")
STRENGTH = {None: -1, "Viewer": 1, "Editor": 2, "Admin": 3}
Hand = collections.namedtuple("Hand", "began at role")


def ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Model:
    """One person in one org. It is told what happened and says what is held."""

    def __init__(self, role):
        self.role = self.base = self.given = role
        self.alive = {}

    def hand(self, role):
        self.role = role

    def given_for_a_while(self, key, role):
        if self.alive and self.role != self.given:
            self.alive = {}
        if not self.alive:
            self.base = self.role
        self.alive[key] = role
        self._settle()

    def decided(self, role):
        self.alive, self.role = {}, role

    def over(self, key):
        if key not in self.alive:
            return
        if self.role != self.given:
            self.alive = {}
            return
        del self.alive[key]
        self._settle()

    def _settle(self):
        self.role = self.given = max(self.alive.values(), key=STRENGTH.get) if self.alive else self.base


def contradiction(model, outcome, hand):
    """Tells the model of an outcome, with a change by hand after its look at what is held
    ('hand', or None); what the model says against it, or None."""
    identity, before, after = outcome["request"]["id"], outcome["before"]["role"], outcome["after"]["role"]
    if model.role != before:
        return f"{identity}: before is {before}, not {model.role}"
    if hand is not None:
        model.hand(hand.role)
    if "grant" in outcome:
        model.over(outcome["grant"]["id"])
    elif "expires_at" in outcome:
        model.given_for_a_while(outcome["request"]["id"], outcome["asked_role"])
    else:
        model.decided(after)
    return None if model.role == after else f"{identity}: after is {after}, not {model.role}"


def replay(first, outcomes, placed):
    """The role in the end, or the first outcome that the model contradicts. 'placed': of each
    change by hand what places() made of it."""
    model = Model(first)
    for number in range(len(outcomes) + 1):
        for hand in (hand for how, at, hand in placed if (how, at) == ("before", number)):
            model.hand(hand.role)
        if number == len(outcomes):
            return model.role
        inside = [hand for how, at, hand in placed if (how, at) == ("inside", number)]
        wrong = contradiction(model, outcomes[number], inside[-1] if inside else None)
        if wrong:
            return wrong


def places(hand, outcomes):
    """Where a change by hand may have come: between any two requests, and while one was worked
    on that looked before it and noticed it, or undid it with its write."""
    low = sum(ms(outcome["finished_at"]) < hand.began - 2 for outcome in outcomes)
    late = [number for number, outcome in enumerate(outcomes) if ms(outcome["started_at"]) > hand.at + 2]
    high = max(low, late[0] if late else len(outcomes))
    found = [("before", number, hand) for number in range(low, high + 1)]
    for number in range(low, high):
        found.append(("inside", number, hand))
        if outcomes[number]["result"] == "applied":
            found.append(("undone", number, hand))
    return found


def possible_ends(first, outcomes, hands):
    """Requests of one person end one after the other; where a change by hand comes among them
    is not known to the millisecond."""
    outcomes = sorted(outcomes, key=lambda outcome: ms(outcome["finished_at"]))
    return {replay(first, outcomes, placed)
            for placed in itertools.product(*(places(hand, outcomes) for hand in hands))}


def history(first, outcomes, hands):
    """What happened to one person, a line each, for whoever has to find out why."""
    lines = [(ms(outcome["started_at"]), f"{outcome['started_at'][14:-1]}-{outcome['finished_at'][14:-1]} "
              f"{outcome['worker']['id']} {outcome['request']['id']} {outcome['action']} {outcome['result']} "
              f"{outcome['before']['role']} -> {outcome['after']['role']}"
              + (f" {outcome['asked_role']} until {outcome['expires_at']}" if "follow_up" in outcome else ""))
             for outcome in outcomes]
    lines += [(hand.began, f"{hand.began:.1f}-{hand.at:.1f} by hand: {hand.role}") for hand in hands]
    return "\n  ".join([f"was {first}"] + [line for _, line in sorted(lines)])


class Scene:
    def __init__(self, stage, sim):
        self.stage, self.sim, self.random = stage, sim, random.Random(SEED)
        self.org = sim.create_org(f"org of {stage.name}")
        self.roles, self.ids = {}, {}
        for number in range(PEOPLE):
            login = f"{stage.name}-{number}"
            role = self.random.choice((None, "Viewer", "Editor"))
            self.ids[login] = sim.add_user(login, email=f"{login}@example.com",
                                           orgs=[{"id": self.org, "role": role}] if role else [])
            self.roles[login] = role
        self.asked = {}  # id: (login, role)
        self.traces = {}
        self.hands = collections.defaultdict(list)

    def _request(self, login, action, **data):
        named = {"login": login} if self.random.random() < 0.5 else {"email": f"{login}@example.com"}
        # Now and then under another key: another lane, perhaps another partition.
        subject = login if self.random.random() < 0.9 else f"{login}/{self.random.randrange(3)}"
        event = request(action, subject=subject, user=named, org={"id": self.org}, **data)
        self.traces[event["id"]] = f"{len(self.asked) + 1:032x}"
        event["traceparent"] = f"00-{self.traces[event['id']]}-{1:016x}-01"
        self.asked[event["id"]] = (login, data.get("role"))
        self.stage.send(event)

    def by_hand(self, login):
        role = self.random.choice((None,) + ROLES)
        began = time.time() * 1000
        self.sim.change_user(login, orgs=[{"id": self.org, "role": role}])
        self.hands[login].append(Hand(began, time.time() * 1000, role))

    def go_on(self, workers):
        """Everything that is asked and done, spread over the time of sending; one worker after
        the other is killed now and then, and comes back at once."""
        todo = ["grant"] * GRANTS + ["revoke"] * 60 + ["for good"] * 40 + ["hand"] * 60
        self.random.shuffle(todo)
        began = time.monotonic()
        killed = 0
        for number, what in enumerate(todo):
            login = self.random.choice(list(self.ids))
            if what == "grant":
                self._request(login, "org_role.grant", role=self.random.choice(ROLES),
                              duration_s=self.random.randint(1, 15))
            elif what == "revoke":
                self._request(login, "org_role.revoke", to_role=self.random.choice((None, "Viewer")))
            elif what == "for good":
                self._request(login, "org_role.grant", role=self.random.choice(ROLES))
            else:
                self.by_hand(login)
            if time.monotonic() - began > KILL_EVERY_S * (killed + 1):
                worker, killed = workers[killed % len(workers)], killed + 1
                worker.kill()
                worker.spawn()
            time.sleep(max(0.0, began + SENDING_S * number / len(todo) - time.monotonic()))


def promised(outcome):
    return outcome["follow_up"]["source"], outcome["follow_up"]["request_id"]


def wait_for_all(stage):
    """Outcomes of what was asked and of every end that was promised; {request key: outcome}."""
    def all_there(_):
        outcomes = {request_key(event): event["data"] for event in stage.outcomes()}
        follow_ups = {promised(outcome) for outcome in outcomes.values() if "follow_up" in outcome}
        return outcomes if follow_ups | asked <= outcomes.keys() else None

    asked = {request_key(event) for event in stage.requests}
    outcomes = stage.committed.until(all_there, "an outcome of every request and every end", 180)
    for source, identity in outcomes.keys() - asked:
        stage.requests.append({"type": REQUEST_TYPE, "source": source, "id": identity})
    return outcomes


def writes_of(sim, org):
    """What changed roles of the org in Grafana: (time, trace, entry), as its log has it."""
    with open(sim.journal_path, encoding="utf-8") as file:
        entries = [json.loads(line) for line in file]
    return [(entry["t_ms"], (entry["traceparent"] or "--").split("-")[1], entry) for entry in entries
            if entry["write"] and entry["applied"] and entry["path"].startswith(f"/api/orgs/{org}/users")
            and entry["traceparent"]]


def check_times(scene, bound, ends):
    """What a grant's request and its end wrote, told by their common trace: nothing between
    the giving and the expiry, and nothing of what is not one of them."""
    written = collections.defaultdict(list)
    for at, trace, entry in writes_of(scene.sim, scene.org):
        written[trace].append((at, entry))
    for outcome in bound:
        identity, expires = outcome["request"]["id"], ms(outcome["expires_at"])
        end = ends[identity]
        assert ms(end["started_at"]) >= expires, f"{identity} was ended early: {end}"
        assert end["grant"]["id"] == identity
        for at, entry in written[scene.traces[identity]]:
            given = ms(outcome["started_at"]) - 2 <= at <= ms(outcome["finished_at"]) + 2
            assert given or at >= expires, f"{identity} until {expires}: {entry}"
            assert given or end["result"] == "applied", f"{identity}: {end} and yet {entry}"


def check_roles(scene, outcomes):
    by_login = collections.defaultdict(list)
    for outcome in outcomes:
        if outcome["result"] in ("applied", "already_so"):
            by_login[outcome["target"]["login"]].append(outcome)
    members = scene.sim.expect("GET", f"/api/orgs/{scene.org}/users")
    held = {member["login"]: member["role"] for member in members}
    wrong = []
    for login, first in scene.roles.items():
        ends = possible_ends(first, by_login[login], scene.hands[login])
        if held.get(login) not in ends:
            wrong.append(f"{login} is {held.get(login)}, not one of {ends}\n  "
                         + history(first, by_login[login], scene.hands[login]))
    assert not wrong, f"seed {SEED}: {len(wrong)} differ from the model:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
def test_a_thousand_grants_end_as_they_should(sim, make_stage):
    print(f"seed {SEED}")  # shown when it fails
    stage = make_stage(4)
    running_for_an_hour(stage)
    scene = Scene(stage, sim)
    workers = [stage.worker(SHORT, name=f"w{number}").start() for number in (1, 2)]
    scene.go_on(workers)

    outcomes = wait_for_all(stage)
    stage.wait_consumed()
    stage.settle()
    bound = [outcome for outcome in outcomes.values() if "follow_up" in outcome]
    ends = {outcome["request"]["id"]: outcomes[promised(outcome)] for outcome in bound}
    assert len(bound) > GRANTS / 2, "too late for most: this shows little"
    for outcome in outcomes.values():
        assert outcome["result"] in ("applied", "already_so") or outcome["reason"]["code"] == "grant.over", outcome
        outcome["asked_role"] = scene.asked.get(outcome["request"]["id"], (None, None))[1]
    check_times(scene, bound, ends)
    check_roles(scene, outcomes.values())
