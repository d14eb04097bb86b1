# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there: files, headings, settings, metrics, commands and their
flags; and the settings that they show are good ones. Needs no servers."""

import functools
import glob
import os
import re
import subprocess

import pytest

from harness.paths import ROOT, binary
from harness.process import environment

PAGES = [os.path.join(ROOT, name) for name in ("README.md", "CHANGELOG.md", "docker-compose.yml")] + sorted(
    glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True)
    + glob.glob(os.path.join(ROOT, "bench", "*.md")) + glob.glob(os.path.join(ROOT, "deploy", "**", "*"), recursive=True))
PAGES = [path for path in PAGES if os.path.isfile(path)]
ENVIRONMENT = environment()


def each_page(test):
    return pytest.mark.parametrize("path", PAGES, ids=lambda path: os.path.relpath(path, ROOT))(test)


@functools.lru_cache(maxsize=None)
def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout


def headings(path):
    """As a link names them: lower case, no punctuation, '-' for a space."""
    found = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@each_page
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        there = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        assert os.path.exists(there), target
        assert not heading or heading in headings(there), target


@functools.lru_cache(maxsize=None)
def settings():
    """{section: names}, of all there are."""
    found, section = {}, None
    for line in run(binary("grantd"), "--help-settings").splitlines():
        if match := re.match(r";?\[(\w+)", line):
            section = found.setdefault(match[1], set())
        elif match := re.match(r";?(\w+) =", line):
            section.add(match[1])
    assert len(found) == 11
    return found


@each_page
def test_every_setting_is_there(path):
    for section, name in re.findall(r"`\[(\w+)(?:\.NAME)?\] (\w+)", read(path)):
        assert name in settings()[section], f"[{section}] {name}"


@functools.lru_cache(maxsize=None)
def metrics():
    text = read(os.path.join(ROOT, "worker", "metrics.h")) + read(os.path.join(ROOT, "worker", "metrics.c"))
    return {"grantd_" + name for name in re.findall(r'"([a-z_]+)", ""|"([a-z_]+)", "[a-z]+=|PREFIX "([a-z_]+)"', text)
            for name in name if name}


@each_page
def test_every_metric_is_there(path):
    named = set(re.findall(r"\bgrantd_[a-z_]+", read(path)))
    assert named <= metrics(), named - metrics()


def commands(text):
    """(command, flags) of each line that calls grantctl, as far as one can tell."""
    text = text.replace("\\\n#", "").replace("\\\n", "").replace("--entrypoint grantctl vault", "grantctl")
    for line in text.splitlines():
        for call in re.split(r"\s(?:&&|\|)\s", line.lstrip("# ").partition(" # ")[0]):
            match = re.search(r"\bgrantctl(?: --config \S+)?\s+((?!COMMAND\b)[a-z]+)\b(.*)", call)
            if match and ("`" not in call or re.search(r"`grantctl [^`]*`", call)):
                flags = match[2].partition("`")[0]
                yield match[1], re.findall(r"(?<=\s)--[a-z-]+", flags)


@each_page
def test_every_command_is_there(path):
    for command, flags in commands(read(path)):
        usage = run(binary("grantctl"), command, "--help")
        for flag in flags:
            assert re.search(rf"{flag}\b(?!-)", usage), f"grantctl {command} {flag}"


def shown(name):
    return re.findall(r"^```ini\n(.*?)^```", read(os.path.join(ROOT, name)), re.MULTILINE | re.DOTALL)


BASE = """
[kafka]
brokers = localhost:9092
[grafana.main]
url = http://localhost:3000
user = admin
password = x
"""


@pytest.mark.parametrize("name,base", [("README.md", ""), ("docs/policy.md", BASE)])
def test_settings_that_are_shown_are_good(tmp_path, name, base):
    assert len(shown(name)) == 1
    path = tmp_path / "grantd.ini"
    path.write_text(base + re.sub(r"\$__\w+\{[^}]*\}", "x", shown(name)[0]))
    done = subprocess.run([binary("grantd"), "--config", path, "--check"], capture_output=True, text=True,
                          env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr


def test_the_readme_has_every_action():
    table = re.findall(r"^\| (`[a-z_]+\..*?) \|", read(os.path.join(ROOT, "README.md")), re.MULTILINE)
    named = set()
    for cell in table:
        first, *others = re.findall(r"`([a-z_.]+)`", cell)
        named |= {first, *(first.rpartition(".")[0] + other if other.startswith(".") else other for other in others)}
    examples = glob.glob(os.path.join(ROOT, "docs", "examples", "*.json"))
    assert named == {os.path.basename(path)[:-len(".json")] for path in examples}
