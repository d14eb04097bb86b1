# SPDX-License-Identifier: Apache-2.0
"""Role changes a second against a Grafana that is modelled on a running one.

Each combination of credentials and concurrency has a grantd and a simulator of its
own. A burst of WARM_UP requests goes first, in which `auto` must find its way; then
another one is timed as in any burst.
"""

import os
import re
import subprocess
import time
import urllib.request

import report
import stand
import traffic

MODELS = ("9.4", "10.1")
CONSTANTS = (1, 2, 4, 8, 16, 32)
QUICK_CONSTANTS = (2, 16)
AUTO = "auto"
MAX_CONCURRENCY = 32
WARM_UP = 200
MEASURED_S, QUICK_MEASURED_S = 6, 1.5
PARTITIONS = 4
AUTO_SHARE, SESSION_TIMES = 0.9, 2.5
# What to expect: role changes a second of one at a time, and at most. So that each burst lasts about as long.
EXPECTED = {("9.4", "basic"): (7, 80), ("9.4", "session"): (8, 270),
            ("10.1", "basic"): (35, 72), ("10.1", "session"): (230, 370)}


def ways_in():
    """The values of the setting 'auth' that this grantd has."""
    known = subprocess.run([stand.tool("grantd"), "--help-settings"], capture_output=True, text=True,
                           check=True).stdout
    return ("basic", "session") if re.search(r"^;?auth =", known, re.MULTILINE) else ("basic",)


def _metric(grantd, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{grantd.port}/metrics", timeout=10) as answer:
        return int(re.search(rf"^{name}(?:\{{.*\}})? (\d+)$", answer.read().decode(), re.MULTILINE).group(1))


class Run:
    """One grantd, one simulator, two bursts."""

    def __init__(self, pair, directory, model, auth, concurrency, options):
        self.pair, self.model, self.auth, self.concurrency = pair, model, auth, concurrency
        name = f"m{model.replace('.', '')}-{auth}-{concurrency}"
        alone, most = EXPECTED[model, auth]
        rate = most if concurrency == AUTO else min(most, alone * concurrency)
        self.events = int(rate * options.measured_s)
        self.dir = os.path.join(directory, name)
        os.makedirs(self.dir)
        self.simulator = stand.Simulator(self.dir, options.sim_threads, "--version", model, "--model", model)
        self.warm_up = WARM_UP if concurrency == AUTO else 2 * concurrency
        self.simulator.add_accounts(self.warm_up + self.events)
        settings = [("grafana.main.concurrency", concurrency), *options.set]
        if len(ways_in()) > 1:
            settings.insert(0, ("grafana.main.auth", auth))
        self.grantd = stand.Grantd(self.dir, pair, self.simulator.url, name, MAX_CONCURRENCY, settings)
        pair.create_topics({topic: PARTITIONS for topic in self.grantd.topics.values()})
        self.traffic = traffic.Traffic(pair.brokers, self.grantd, self.warm_up + self.events)

    def _burst(self, count):
        self.traffic.prepare(count, traffic.CHANGE)
        began = time.monotonic()
        self.traffic.release()
        return count / (self.traffic.wait_settled() - began)

    def run(self):
        self.grantd.start()
        self._burst(self.warm_up)
        retries = _metric(self.grantd, "grantd_retries_total")
        result = {"model": self.model, "auth": self.auth, "concurrency": self.concurrency,
                  "events": self.events, "events_per_s": self._burst(self.events),
                  "limit": _metric(self.grantd, "grantd_concurrency"),
                  "retries": _metric(self.grantd, "grantd_retries_total") - retries}
        self.grantd.stop()
        self.traffic.verify()
        return result

    def close(self):
        self.traffic.close()
        self.simulator.kill()
        if hasattr(self.grantd, "child"):
            self.grantd.kill()


def measure(pair, directory, options, say):
    runs = []
    for model in options.grafana_model:
        for auth in ways_in():
            for concurrency in (*(QUICK_CONSTANTS if options.quick else CONSTANTS), AUTO):
                run = Run(pair, directory, model, auth, concurrency, options)
                try:
                    runs.append(run.run())
                finally:
                    run.close()
                say(f"{model}, {auth}, concurrency {concurrency}: {runs[-1]['events_per_s']:.0f}/s")
    return runs


def _best(runs, model, auth):
    constants = [run for run in runs if (run["model"], run["auth"]) == (model, auth)
                 and run["concurrency"] != AUTO]
    return max((run["events_per_s"] for run in constants), default=None)


def judge(runs):
    targets = report.Targets()
    for run in runs:
        if run["concurrency"] == AUTO:
            best = _best(runs, run["model"], run["auth"])
            targets.at_least(f"auto / best constant, {run['model']}, {run['auth']}",
                             100 * run["events_per_s"] / best, 100 * AUTO_SHARE, "%")
    for model in dict.fromkeys(run["model"] for run in runs):
        basic, session = _best(runs, model, "basic"), _best(runs, model, "session")
        if session is not None:
            targets.at_least(f"sessions / basic auth, best constants, {model}", session / basic,
                             SESSION_TIMES, "times")
    return targets.rows


def render(runs):
    titles = ["model, credentials", "concurrency", "role changes/s", "retries", "limit at the end"]
    return report.table(titles, [[f"{run['model']}, {run['auth']}", str(run["concurrency"]),
                                  run["events_per_s"], str(run["retries"]), str(run["limit"])]
                                 for run in runs])
