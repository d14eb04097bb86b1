# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests stand on: processes, events, topics, invariants.

paths       where things are in the tree, and free ports
process     one child process with a log, which never outlives the tests
grafana     the simulated Grafana, or a real one
worker      one grantd with its configuration
events      requests as CloudEvents; what comes back, decoded and validated
kafka       the producer of requests, the collector of what is committed
vault       a vault's key pair, and the passwords it opens
boundaries  one request, with workers killed at named points
invariants  what must hold after any test, whatever happened in it
stage       all of that for one test, on topics of its own
"""
