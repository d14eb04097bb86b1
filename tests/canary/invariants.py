# SPDX-License-Identifier: Apache-2.0
"""Each of these must fail: what they hand to the invariants breaks them.

Not collected with the other tests; tests/canary/run names the file.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from harness import events, invariants  # noqa: E402


def request(id):
    return {"type": events.REQUEST_TYPE, "id": id, "source": "/canary"}


def outcome(id):
    return {"type": "io.grantd.outcome.v1",
            "data": {"request": {"id": id, "source": "/canary", "partition": 0, "offset": 1}}}


class Record:
    topic = "outcomes"
    key = b"ann"
    header_list = []

    def __init__(self, value):
        self.value = value

    def event(self):
        return {"id": "one/outcome"}


def test_duplicate_outcome():
    invariants.exactly_one_outcome([request("one")], [outcome("one"), outcome("one")])


def test_missing_outcome():
    invariants.exactly_one_outcome([request("one"), request("two")], [outcome("one")])


def test_outcome_of_no_request():
    invariants.exactly_one_outcome([request("one")], [outcome("one"), outcome("two")])


def test_replay_with_other_bytes():
    invariants.identical_replays([Record(b"first"), Record(b"second")])


def test_secret_in_base64():
    invariants.no_plaintext(["correct horse battery"],
                            {"a topic": b"xx" + b"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"})
