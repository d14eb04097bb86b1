# SPDX-License-Identifier: Apache-2.0
"""What is measured and what it runs against: processes, and what /proc says of them.

Kafka and Redis come from tests/services, the simulated Grafana and grantd from
build/. All of it lives in one directory and dies with the process that started
it. A process that ends too early raises BenchError with the end of its log.
"""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("GRANTD_BUILD", "build"))
sys.path.insert(0, os.path.join(ROOT, "tests", "services"))

import services  # noqa: E402

# The broker is not what is measured: compiled code, and a heap that is rarely collected.
JVM_FLAGS = "-Xms512m -Xmx512m -XX:+UseSerialGC -Xshare:auto"
START_S = 30
STOP_S = 60
TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
LOGIN, PASSWORD = "admin", "admin"
FIRST_ID = 2  # of the accounts made in bulk in a fresh simulator; 1 is the admin
_libc = ctypes.CDLL(None)


class BenchError(Exception):
    """A run that says nothing: something did not start, end or settle."""


def tool(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is not there: run make all bench-tools")
    return path


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)


class Process:
    """One child whose output goes to a file."""

    def __init__(self, name, argv, directory):
        self.name, self.log_path = name, os.path.join(directory, f"{name}.log")
        # Variables of that name are settings of grantd; here the file has them all.
        env = {key: value for key, value in os.environ.items() if not key.startswith("GRANTD_")}
        with open(self.log_path, "wb") as log:
            self.child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          start_new_session=True, preexec_fn=_die_with_parent)
        self.pid = self.child.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def fail(self, what):
        tail = "\n".join(self.log().splitlines()[-30:])
        raise BenchError(f"{self.name}: {what}\n--- {self.log_path}\n{tail}")

    def check(self):
        if self.child.poll() is not None:
            self.fail(f"ended with {self.child.returncode}")

    def wait_log(self, pattern):
        end = time.monotonic() + START_S
        while not (found := re.search(pattern, self.log())):
            self.check()
            if time.monotonic() > end:
                self.fail(f"no {pattern!r} within {START_S} s")
            time.sleep(0.02)
        return found

    def stop(self, expected=(0,)):
        """SIGTERM, and the exit code must be an expected one."""
        self.check()
        self.child.terminate()
        try:
            code = self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.fail(f"still runs {STOP_S} s after SIGTERM")
        if code not in expected:
            self.fail(f"ended with {code}")

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Simulator(Process):
    def __init__(self, directory, threads, *options):
        super().__init__("grafana-sim", [tool("grafana-sim"), "--port", "0", "--no-request-log",
                                         "--admin-user", LOGIN, "--admin-password", PASSWORD,
                                         "--threads", str(threads), *options], directory)
        self.url = "http://" + self.wait_log(r"listening on (127\.0\.0\.1:\d+)").group(1)

    def control(self, path, body):
        request = urllib.request.Request(f"{self.url}/sim/{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def add_accounts(self, count):
        """user0, user1, ... as Viewers of org 1."""
        last = self.control("users", {"prefix": "user", "count": count, "org_id": 1, "role": "Viewer"})
        if last["id"] != FIRST_ID + count - 1:
            raise BenchError(f"the ids of the accounts are not as expected: {last}")


class Grantd(Process):
    """One worker process; 'threads' is also its max_concurrency."""

    def __init__(self, directory, pair, grafana_url, name, threads, settings=()):
        """'settings' are ("section.name", value), for trying out others than the defaults."""
        self.group, self.port = f"bench-{name}", services.free_ports(1)[0]
        self.topics = {kind: f"{name}.{kind}" for kind in
                       ("requests", "outcomes", "credentials", "inventory", "dead-letter")}
        config = self._config(pair, grafana_url, name, threads)
        for key, value in settings:
            section, _, setting = key.rpartition(".")
            config.setdefault(section, {})[setting] = value
        path = os.path.join(directory, f"{name}.ini")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            for section, values in config.items():
                file.write(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))
        self._argv = [tool("grantd"), "--config", path]
        self._directory, self.title = directory, f"grantd-{name}"

    def _config(self, pair, grafana_url, name, threads):
        return {
            "kafka": {"brokers": pair.brokers, "group": self.group,
                      **{f"{kind.replace('-', '_')}_topic": topic for kind, topic in self.topics.items()}},
            # Without the skew: for its length after Redis was first used, records count as
            # possibly worked on before, which is not the state that lasts.
            "redis": {"url": pair.redis_url, "key_prefix": name, "epoch_skew_ms": 0},
            "worker": {"id": "bench", "threads": threads},
            "grafana.main": {"url": grafana_url, "user": LOGIN, "password": PASSWORD,
                             "max_concurrency": threads},
            "http": {"listen": f"127.0.0.1:{self.port}"},
        }

    def start(self):
        super().__init__(self.title, self._argv, self._directory)

    def transactions(self):
        """How many it has committed."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            found = re.search(r'^grantd_transactions_total\{.*committed.*\} (\d+)$',
                              answer.read().decode(), re.MULTILINE)
        return int(found.group(1))

    def peak_rss_mb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) / 1024


# --- CPU --------------------------------------------------------------------------------


def _stat_us(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def process_cpu_us(pid):
    """User and system time of the whole process, as /proc counts it."""
    return _stat_us(f"/proc/{pid}/stat")


def threads_cpu_us(pid):
    """{thread name: CPU} of the threads alive now; those of one name are summed."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
                name = file.read().strip()
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                found[name] = found.get(name, 0) + int(file.read().split()[0]) // 1000
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile, or this kernel does not count that
    return found


def machine_busy_us():
    """What all processors have spent on anything but idling."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) * TICK_US


class Meter:
    """CPU of grantd over an interval, of what it talks to, and of everything else."""

    def __init__(self, grantd, others):
        self._grantd, self._others = grantd, others
        self._transactions = grantd.transactions()
        self._before, self._began = self._read(), time.monotonic()

    def _read(self):
        values = {name: process_cpu_us(pid) for name, pid in self._others.items()}
        values["grantd"] = process_cpu_us(self._grantd.pid)
        values["all"] = machine_busy_us()
        return values, threads_cpu_us(self._grantd.pid)

    def stop(self):
        """{"wall_s", "cpu_us": {process: …}, "threads_us": {thread: …}, "transactions", "strangers": share}"""
        wall_s = time.monotonic() - self._began
        (before, threads_before), (after, threads_after) = self._before, self._read()
        cpu = {name: after[name] - before[name] for name in after}
        strangers = max(0, 2 * cpu["all"] - sum(cpu.values()))
        threads = {name: value - threads_before.get(name, 0) for name, value in threads_after.items()}
        return {"wall_s": wall_s, "cpu_us": cpu,
                "threads_us": {name: value for name, value in threads.items() if value},
                "transactions": self._grantd.transactions() - self._transactions,
                "strangers": strangers / (wall_s * 1e6 * os.cpu_count())}
