# SPDX-License-Identifier: Apache-2.0
"""Where things are, and the way to tests/services."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SCHEMAS = os.path.join(ROOT, "docs", "schema")
# Another build of the same tree (sanitizers, named crash points) can be put under test.
BUILD = os.path.join(ROOT, os.environ.get("GRANTD_BUILD", "build"))

sys.path.insert(0, os.path.join(ROOT, "tests", "services"))

import kafka_wire  # noqa: E402,F401  (re-exported)
import services  # noqa: E402,F401
import cluster  # noqa: E402,F401
import guarded  # noqa: E402,F401

wait_until = services.wait_until
DEADLINE_S = 120


def binary(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path} is not there: run make")
    return path
