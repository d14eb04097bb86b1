# SPDX-License-Identifier: Apache-2.0
"""CloudEvents in both Kafka modes: requests on the way in, what comes back decoded.

Every event that is decoded here is validated: the attributes as CloudEvents 1.0
has them, the data against its schema in docs/schema. A type without a schema is
a failure.
"""

import datetime
import functools
import glob
import itertools
import json
import os
import uuid

import jsonschema

from .paths import SCHEMAS

SOURCE = "/access-requests"
REQUEST_TYPE = "io.grantd.request.v1"
KINDS = {
    REQUEST_TYPE: "request",
    "io.grantd.outcome.v1": "outcome",
    "io.grantd.credential.v1": "credential",
    "io.grantd.inventory.v1": "inventory",
}
ENVELOPE = jsonschema.Draft202012Validator({
    "type": "object",
    "required": ["specversion", "type", "id", "source", "datacontenttype", "data"],
    "properties": {
        "specversion": {"const": "1.0"}, "type": {"type": "string"},
        "id": {"type": "string", "minLength": 1}, "source": {"type": "string", "minLength": 1},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "datacontenttype": {"const": "application/json"},
        "traceparent": {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
    },
    "propertyNames": {"pattern": "^[a-z0-9]+$"},  # attribute names, of extensions too
})
_run = uuid.uuid4().hex[:8]
_count = itertools.count(1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def request(action, subject=None, id=None, source=SOURCE, **data):
    """A request as a structured event; None among the data leaves the member out."""
    event = {
        "specversion": "1.0", "type": REQUEST_TYPE,
        "id": id or f"req-{_run}-{next(_count)}", "source": source, "time": now(),
        "datacontenttype": "application/json",
        "data": {key: value for key, value in
                 {"action": action, "instance": "main", **data}.items() if value is not None},
    }
    user = data.get("user") or {}
    subject = subject or user.get("email") or user.get("login")
    return {**event, "subject": subject} if subject else event


def example(action):
    """The event of docs/examples of that name, as a request of its own."""
    with open(os.path.join(os.path.dirname(SCHEMAS), "examples", f"{action}.json"), encoding="utf-8") as file:
        event = json.load(file)
    validate(event)
    return {**event, "id": f"{event['id']}-{_run}-{next(_count)}", "time": now()}


def to_structured(event):
    return json.dumps(event).encode(), [("content-type", b"application/cloudevents+json; charset=utf-8")]


def to_binary(event):
    headers = [("content-type", event.get("datacontenttype", "application/json").encode())]
    headers += [("ce_" + key, str(value).encode()) for key, value in event.items()
                if key not in ("data", "datacontenttype")]
    return json.dumps(event["data"]).encode(), headers


ENCODERS = {"binary": to_binary, "structured": to_structured}


@functools.lru_cache(maxsize=None)
def _validator(kind):
    found = glob.glob(os.path.join(SCHEMAS, f"{kind}*.json"))
    assert len(found) == 1, f"one schema is expected as {SCHEMAS}/{kind}*.json, found: {found}"
    with open(found[0], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def faults_of(event):
    """What is wrong with an event in structured form, by its schema."""
    kind = KINDS.get(event.get("type"))
    assert kind is not None, f"an event of unknown type: {event.get('type')!r}"
    return [f"{error.json_path}: {error.message}"
            for validator, part in ((ENVELOPE, event), (_validator(kind), event.get("data")))
            for error in validator.iter_errors(part)]


def validate(event):
    """Raise AssertionError with every fault of an event in structured form."""
    faults = faults_of(event)
    assert not faults, f"{KINDS[event['type']]} event against its schema: " + "; ".join(faults) + f"\n{event}"


class Record:
    """One record as it was read; 'headers' maps a name to its last value."""

    def __init__(self, message):
        self.topic, self.partition, self.offset = message.topic(), message.partition(), message.offset()
        self.key, self.value = message.key(), message.value()
        self.header_list = message.headers() or []
        self.headers = dict(self.header_list)
        self._event = None

    def __repr__(self):
        return f"<{self.topic}/{self.partition}@{self.offset} {self.key!r} {(self.value or b'')[:300]!r}>"

    def everything(self):
        """Key, headers and value in one: what a reader of the topic could see."""
        parts = [self.key, self.value]
        for name, value in self.header_list:
            parts += [name.encode(), value]
        return b"\0".join(part for part in parts if part)

    def event(self):
        """The event in structured form, whichever mode it came in; validated."""
        if self._event is None:
            self._event = self._decode()
        return self._event

    def _decode(self):
        kind = self.headers.get("content-type", b"").decode().lower()
        if kind.startswith("application/cloudevents"):
            event = json.loads(self.value)
        else:
            event = {name[3:]: value.decode() for name, value in self.header_list if name.startswith("ce_")}
            event["datacontenttype"] = kind
            event["data"] = json.loads(self.value)
        validate(event)
        return event


def request_key(event):
    """What makes a request one request: of a request, or of an event that answers it."""
    if event["type"] == REQUEST_TYPE:
        return event["source"], event["id"]
    return event["data"]["request"]["source"], event["data"]["request"]["id"]
