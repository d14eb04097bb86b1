# SPDX-License-Identifier: Apache-2.0
"""Time-bound grants: what they give, when it ends, and what is left alone at the end.

All cases run side by side in one worker: each has a person of its own, asks for a grant
that ends in two or three seconds, does what it is about, and looks at the end.
"""

import datetime

import pytest

from harness.desk import Desk, evidence, was
from harness.events import request

SOON_S, LATER_S = 2, 3600


@pytest.fixture(scope="module")
def desk(open_stage):
    desk = Desk(open_stage(3))
    desk.stage.worker().start()
    yield desk
    desk.settle()


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def later(event, seconds):
    """That long after an event's time, as grantd writes it."""
    at = time_of(event["time"]) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grant(org, person, role, duration_s=SOON_S, **more):
    return request("org_role.grant", org=org.by_id, user=person.by_login, role=role, duration_s=duration_s, **more)


def test_a_role_goes_back_to_the_one_before(desk):
    org = desk.org()
    ada, bob = desk.person(org, "Viewer"), desk.person()
    asked = [grant(org, ada, "Editor", requested_by="ada@example.com", ticket="INC-1"), grant(org, bob, "Admin")]
    first, second = desk.ask_all(*asked)
    was(first, "applied", status=200)
    assert first["expires_at"] == first["follow_up"]["at"] == later(asked[0], SOON_S)
    assert first["reverts_to"] == {"role": "Viewer"} and second["reverts_to"] == {"role": None}
    assert first["reason"]["message"] == (
        f"'{ada.login}' is now Editor in '{org.name}' until {first['expires_at']} (was Viewer)")
    ended = desk.stage.follow_up_of(first)
    was(ended, "applied", status=200)
    assert time_of(ended["started_at"]) >= time_of(first["expires_at"])
    assert evidence(ended) == ({"account": True, "role": "Editor"}, {"account": True, "role": "Viewer"})
    assert (ended["requested_by"], ended["ticket"]) == ("ada@example.com", "INC-1")
    assert ended["grant"]["id"] == asked[0]["id"] and ended["target"]["user_id"] == ada.id
    was(desk.stage.follow_up_of(second), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Viewer" and desk.grafana.role(org.id, bob.login) is None
