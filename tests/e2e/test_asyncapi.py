# SPDX-License-Identifier: Apache-2.0
"""docs/asyncapi.json against the program and the schemas it speaks of."""

import glob
import json
import os
import re
import subprocess

import jsonschema
import pytest

from harness.events import ENCODERS
from harness.paths import ROOT, SCHEMAS, binary

DOCUMENT = os.path.join(ROOT, "docs", "asyncapi.json")
EXAMPLES = sorted(glob.glob(os.path.join(ROOT, "docs", "examples", "*.json")))


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def document():
    return load(DOCUMENT)


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document, reference):
    path, _, pointer = reference.partition("#")
    node = load(os.path.join(os.path.dirname(DOCUMENT), path)) if path else document
    for part in filter(None, pointer.split("/")):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def payload_of(document, message):
    return resolve(document, document["components"]["messages"][message]["payload"]["schema"]["$ref"])


def test_every_reference_leads_somewhere(document):
    found = list(references(document))
    assert len(found) >= 15
    for reference in found:
        assert isinstance(resolve(document, reference), dict), reference


def test_the_channels_are_the_topics_of_the_settings(document):
    help_text = subprocess.run([binary("grantd"), "--help-settings"], capture_output=True, text=True,
                               check=True).stdout
    topics = set(re.findall(r"^;\w+_topic = (\S+)$", help_text, re.MULTILINE))
    assert {channel["address"] for channel in document["channels"].values()} == topics
    assert len(topics) == 5


def test_what_is_sent_and_received(document):
    done = {(operation["action"], resolve(document, operation["channel"]["$ref"])["address"])
            for operation in document["operations"].values()}
    assert done == {("receive", "access.requests"), *(("send", channel["address"])
                                                      for channel in document["channels"].values())}


@pytest.mark.parametrize("message", ["request", "outcome", "credential", "inventory"])
def test_a_payload_is_one_of_the_schemas(document, message):
    schema = payload_of(document, message)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == load(os.path.join(SCHEMAS, f"{message}.schema.json"))
    type_name = document["components"]["messages"][message]["headers"]["properties"]["ce_type"]["const"]
    assert type_name == f"io.grantd.{message}.v1"


@pytest.mark.parametrize("path", EXAMPLES, ids=os.path.basename)
def test_an_example_is_such_a_request(document, path):
    event = load(path)
    jsonschema.Draft202012Validator(payload_of(document, "request")).validate(event["data"])
    assert event["type"] == document["components"]["messages"]["request"]["name"]


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_headers_of_a_request(document, mode):
    validator = jsonschema.Draft202012Validator(document["components"]["messages"]["request"]["headers"])
    headers = {name: value.decode() for name, value in ENCODERS[mode](load(EXAMPLES[0]))[1]}
    validator.validate(headers)
    for name in headers:
        left = {key: value for key, value in headers.items() if key != name}
        assert validator.is_valid(left) == (name in ("ce_subject", "ce_time")), name


def test_the_headers_of_a_dead_letter_are_those_that_are_written(document):
    with open(os.path.join(ROOT, "codec", "deadletter.c"), encoding="utf-8") as file:
        written = set(re.findall(r'"((?:__connect|kafka_dlt|grantd\.)[^"]+)"', file.read()))
    assert set(document["components"]["messages"]["deadLetter"]["headers"]["properties"]) == written
    assert len(written) == 12 + 1
