# SPDX-License-Identifier: Apache-2.0
"""docs/examples against docs/schema. That every action has one which grantd accepts is
tests/unit/test_worker_examples.c's."""

import glob
import json
import os

import pytest

from harness.events import faults_of, validate
from harness.paths import SCHEMAS

EXAMPLES = sorted(glob.glob(os.path.join(os.path.dirname(SCHEMAS), "examples", "*.json")))


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def test_the_schema_names_the_actions_that_have_an_example():
    actions = load(os.path.join(SCHEMAS, "request.schema.json"))["properties"]["action"]["enum"]
    assert sorted(actions) == [os.path.basename(path)[:-len(".json")] for path in EXAMPLES]


def test_no_two_are_one_request():
    names = [(load(path)["source"], load(path)["id"]) for path in EXAMPLES]
    assert len(set(names)) == len(names)


def without(data, name):
    return {key: value for key, value in data.items() if key != name}


def fits(event, data):
    return not faults_of({**event, "data": data})


@pytest.mark.parametrize("path", EXAMPLES, ids=os.path.basename)
def test_null_is_as_good_as_nothing(path):
    event = load(path)
    for name in event["data"]:
        said = {**event["data"], name: None}
        assert fits(event, said) == fits(event, without(event["data"], name)), name


@pytest.mark.parametrize("path", EXAMPLES, ids=os.path.basename)
def test_an_example_is_as_the_schema_says(path):
    event = load(path)
    validate(event)
    assert event["data"]["action"] + ".json" == os.path.basename(path)
