# SPDX-License-Identifier: Apache-2.0
"""Every recorded exchange with two real servers, put to the simulator in the same order.

tests/corpus/grafana/ holds what a Grafana 9.4 and a 10.1 answered to 503 requests each. Per
exchange five things are compared; "status", "message" and "keys" decide whether it counts as
equal. What differs is listed in replay_differences.json with its reason: a difference that is
not listed fails, and so does a listed one that is gone.
"""

import json
import re
from pathlib import Path

import pytest

from test_simulator import ADMIN, ROOT, Sim, wait_for

CORPUS = ROOT / "tests" / "corpus" / "grafana"
DIFFERENCES = Path(__file__).with_name("replay_differences.json")
# The recorded 10.1 was a build before the release.
RECORDINGS = {"9.4": "9.4", "10.1": "10.1-pre"}
DECISIVE = {"status", "message", "keys"}
MIN_EQUAL_SHARE = 0.95
COMPARED_HEADERS = (
    "content-type",
    "cache-control",
    "expires",
    "pragma",
    "location",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
)
# What differs between two runs of one server.
NOISE = [
    (r"ACE\d{10}", "ACE"),
    (r"/avatar/[0-9a-f]{32}", "/avatar/"),
    (r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"', '"TIME"'),
    (r'"lastSeenAtAge":"[^"]*"', '"lastSeenAtAge":""'),
    (r'"secondsUntilExpiration":[0-9.]*[1-9][0-9.]*', '"secondsUntilExpiration":1'),
    (r'"(uid|teamUID)":"([0-9a-f]{8}-[0-9a-f-]{27}|u[0-9a-f]{13})"', r'"\1":"UID"'),
    (r'"key":"[^"]*"', '"key":"SECRET"'),
    (r'"code":"[0-9A-Za-z]{30}"', '"code":"CODE"'),
    (r"/invite/[0-9A-Za-z]{30}", "/invite/CODE"),
    (r'(https?://)[^/"]+/', r"\1HOST/"),
]


class Player:
    """Sends recorded requests to one fresh server, with its secrets in place of theirs."""

    def __init__(self, version):
        self.sim = Sim("--version", version)
        self.tokens = {}  # by name
        self.token_paths = {}
        self.cookie = ""
        self.codes = {}  # of invites, theirs -> ours

    def stop(self):
        self.sim.stop()

    def token(self, label):
        if label.startswith("literal:"):
            return label.split(":", 1)[1]
        if label.startswith("well-formed glsa"):
            return "glsa_" + "a" * 32 + "_00000000"
        name = label.split(" (")[0].split("/")[-1]
        if "(expired)" in label:
            self.wait_until_expired(name)
        return self.tokens.get(name, "unknown")

    def wait_until_expired(self, name):
        if name in self.token_paths:
            wait_for(
                lambda: [
                    token
                    for token in self.sim.api("GET", self.token_paths[name])[1]
                    if token["name"] == name and token["hasExpired"]
                ]
            )

    def translate(self, text):
        for theirs, ours in self.codes.items():
            text = text.replace(theirs, ours)
        return text

    def send(self, request):
        headers = {name: self.translate(value) for name, value in request["headers"].items()}
        login = None
        if request["auth"] == "basic-admin":
            login = ADMIN
        elif request["auth"] == "basic-user":
            user, password = request["login"].split(":", 1)
            login = f"{user}:{self.token(password) if user == 'api_key' else password}"
        elif request["auth"] == "bearer":
            headers["Authorization"] = "Bearer " + self.token(request["token"])
        elif request["auth"] == "cookie":
            headers["Cookie"] = self.cookie
        body = request["body"]
        return self.sim.raw(
            request["method"],
            self.translate(request["path"]),
            self.translate(body).encode() if body is not None else None,
            login,
            headers,
        )

    def learn(self, request, headers, got, want):
        if isinstance(got, dict) and "key" in got:
            self.tokens[got["name"]] = got["key"]
            self.token_paths[got["name"]] = request["path"]
        for cookie in headers.get_all("set-cookie") or []:
            if cookie.startswith("grafana_session="):
                self.cookie = cookie.split(";")[0]
        if isinstance(got, list) and isinstance(want, list):
            for ours, theirs in zip(got, want):
                if isinstance(ours, dict) and "code" in ours and "code" in theirs:
                    self.codes[theirs["code"]] = ours["code"]


def decode(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def merge(shapes):
    if all(isinstance(shape, dict) for shape in shapes):
        keys = sorted({key for shape in shapes for key in shape})
        return {key: merge([shape[key] for shape in shapes if key in shape]) for key in keys}
    return sorted({json.dumps(shape) for shape in shapes})


def shape(value):
    """Keys and types; a list has the shape of all its elements together."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return ["list", merge([shape(item) for item in value])] if value else ["empty list"]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def without_noise(text, versions):
    for pattern, replacement in NOISE:
        text = re.sub(pattern, replacement, text)
    return re.sub(r'("(version|commit|buildstamp)": ?)("[^"]*"|\d+)', r"\1", text) if versions else text


def cut(value, keys):
    """Some recorded bodies were cut to a few keys, null where there was none."""
    if not isinstance(value, dict):
        return value
    return {key: value[key] for key in sorted(keys) if value.get(key) is not None}


def compare(exchange, status, headers, text):
    want = exchange["response"]
    theirs, ours = decode(want["body"]), decode(text)
    theirs_text, ours_text = want["body"], text
    if "body_only_keys" in want:
        theirs, ours = cut(theirs, want["body_only_keys"]), cut(ours, want["body_only_keys"])
        theirs_text, ours_text = (json.dumps(value) for value in (theirs, ours))
    is_version = "health" in exchange["name"] or "frontend" in exchange["name"]
    differs = set()
    if status != want["status"]:
        differs.add("status")
    if shape(theirs) != shape(ours):
        differs.add("keys")
    if isinstance(theirs, dict) and "message" in theirs:
        if not isinstance(ours, dict) or ours.get("message") != theirs["message"]:
            differs.add("message")
    if without_noise(ours_text, is_version) != without_noise(theirs_text, is_version):
        differs.add("values")
    if any(headers.get(name) != want["headers"].get(name) for name in COMPARED_HEADERS):
        differs.add("headers")
    return differs, f"{status} {dict(headers)} {text!r}, not {want['status']} {want['headers']} {want['body']!r}"


def replay(version):
    """Answers {name: (aspects that differ, the two answers as text)} of all exchanges."""
    result = {}
    player, server = None, None
    try:
        for line in (CORPUS / f"responses-{version}.jsonl").read_text(encoding="utf-8").splitlines():
            exchange = json.loads(line)
            if exchange["server"] != server:
                if player is not None:
                    player.stop()
                player, server = Player(RECORDINGS[version]), exchange["server"]
            status, headers, data = player.send(exchange["request"])
            text = data.decode()
            assert exchange["name"] not in result
            result[exchange["name"]] = compare(exchange, status, headers, text)
            player.learn(exchange["request"], headers, decode(text), decode(exchange["response"]["body"]))
    finally:
        if player is not None:
            player.stop()
    return result


def listed(version):
    """Answers {name: aspects} of the known differences."""
    known = {}
    for entry in json.loads(DIFFERENCES.read_text(encoding="utf-8")):
        assert set(entry) == {"reason", "versions", "differs", "exchanges"}, entry
        assert len(entry["reason"]) > 20, entry
        if version in entry["versions"]:
            for name in entry["exchanges"]:
                assert name not in known, f"{name} is listed twice"
                known[name] = set(entry["differs"])
    return known


@pytest.mark.parametrize("version", RECORDINGS)
def test_answers_as_the_recorded_server_did(version, capsys):
    result = replay(version)
    known = listed(version)
    unexplained = [
        f"{name} differs in {sorted(differs)}, listed: {sorted(known.get(name, []))}\n    {text}"
        for name, (differs, text) in result.items()
        if differs != known.get(name, set())
    ]
    unknown = sorted(set(known) - set(result))
    equal = sum(not differs & DECISIVE for differs, _ in result.values())
    exact = sum(not differs for differs, _ in result.values())
    with capsys.disabled():
        print(
            f"\n{version}: {equal} of {len(result)} exchanges equal in status, message and keys"
            f" ({100 * equal / len(result):.1f} %); {exact} of them in every value and header"
        )
    assert not unexplained, f"{len(unexplained)} unexplained:\n" + "\n".join(unexplained)
    assert not unknown, f"listed, but there is no such exchange: {unknown}"
    assert len(result) == 503
    assert equal >= MIN_EQUAL_SHARE * len(result)
