# SPDX-License-Identifier: Apache-2.0
"""kill -9 at each step of giving for a while and of taking back.

Some grants end while others are given. Workers of the build with crash points die one
after the other, each at another point; a plain one finishes. Everything is written to
Grafana once, and everything that was given ends.
"""

import pytest

from conftest import VERSIONS
from harness.boundaries import die_at
from harness.desk import Desk
from harness.events import request
from harness.load import SHORT, running_for_an_hour
from harness.paths import DEADLINE_S, wait_until

# At which passing of which point each worker dies, one after the other.
DEATHS = ("after_due:1", "after_hold:2", "after_step:2", "after_write:3", "before_complete:1", "after_complete:1",
          "after_commit:1")


@pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
def test_workers_killed_while_grants_begin_and_end(sim, make_stage):
    stage = make_stage(3)
    running_for_an_hour(stage)
    desk = Desk(stage)
    org = desk.org()
    team = desk.team(org)
    ways = [lambda who: request("org_role.grant", org=org.by_id, user=who.by_login, role="Editor", duration_s=3600),
            lambda who: request("team_member.add", org=org.by_id, team=team.by_id, user=who.by_login, duration_s=3600),
            lambda who: request("server_admin.grant", user=who.by_login, duration_s=3600)] * 2
    early, late = ([desk.person(org, "Viewer") for _ in ways] for _ in range(2))

    first = stage.worker(SHORT).start()
    given = desk.ask_all(*(way(who) for way, who in zip(ways, early)))
    first.stop()
    before = sim.counters()
    asked = [way(who) for way, who in zip(ways, late)]
    stage.send(*asked)
    due = f"{{{stage.name}:{stage.group}}}:due"
    assert stage.redis.zadd(due, {outcome["follow_up"]["request_id"]: 0 for outcome in given}, ch=True) == len(given)
    die_at(stage, *DEATHS)
    stage.worker(SHORT, name="w1").start(ready=False)
    ends = [stage.follow_up_of(outcome) for outcome in given]
    begun = [stage.outcome_of(event)["data"] for event in asked]
    stage.wait_consumed()
    assert {outcome["result"] for outcome in (*given, *begun, *ends)} == {"applied"}
    done = {name: count - before[name] for name, count in sim.counters().items() if count != before[name]}
    assert done == {"role_patches": 4, "team_member_adds": 2, "team_member_removes": 2, "permission_sets": 4}
    for people, level in ((early, False), (late, True)):
        for number, who in enumerate(people):
            held = (sim.role(org.id, who.login) == "Editor", who.id in sim.team_members(org.id, team.id),
                    sim.is_server_admin(who.login))
            assert held == tuple(level and number % 3 == way for way in range(3)), (number, held)
    # What was due is dropped once its request is known to be committed.
    left = {outcome["follow_up"]["request_id"] for outcome in begun}
    wait_until(lambda: {key.decode() for key in stage.redis.zrange(due, 0, -1)} == left,
               "what was due is dropped", DEADLINE_S)
    stage.settle()
