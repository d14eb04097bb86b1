# SPDX-License-Identifier: Apache-2.0
"""One child process whose output goes to a file.

Killed when the tests end, however they end. A report of a sanitizer in its
output fails the test that looks at it.
"""

import os
import re
import signal
import subprocess

from .paths import DEADLINE_S, services, wait_until

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


def environment(more=None):
    """This one with more, less the tests' own names: grantd takes an unknown GRANTD_ name for a mistake."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("GRANTD_")},
            **(more or {})}


class Process:
    def __init__(self, name, argv, log_path, env=None):
        self.name, self.argv, self.log_path = name, argv, log_path
        self.env = environment(env)
        self.child = None

    def spawn(self):
        assert not self.running(), f"{self.name} runs already"
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=services.die_with_parent)

    def running(self):
        return self.child is not None and self.child.poll() is None

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    def wait_for(self, condition, what, deadline_s=DEADLINE_S):
        """Wait for something the running process brings about; its end is a failure."""
        def met_or_dead():
            assert self.running(), (
                f"{self.name} ended with {self.child.returncode} before: {what}\n{self.log_tail()}")
            return condition()

        try:
            wait_until(met_or_dead, f"{self.name}: {what}", deadline_s)
        except services.ServiceError as error:
            raise AssertionError(f"{error}\n{self.log_tail()}") from None

    def wait_log(self, pattern, deadline_s=DEADLINE_S):
        """Wait until a line of the log matches."""
        self.wait_for(lambda: re.search(pattern, self.log(), re.MULTILINE),
                      f"log line {pattern!r}", deadline_s)
        return re.search(pattern, self.log(), re.MULTILINE)

    def send(self, number):
        self.child.send_signal(number)

    def wait_exit(self, expected=0, deadline_s=DEADLINE_S):
        """Wait for the end; 'expected' is the exit code, or minus the signal."""
        try:
            code = self.child.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {deadline_s} s\n{self.log_tail()}") from None
        assert code == expected, f"{self.name} ended with {code}, not {expected}\n{self.log_tail()}"

    def stop(self, expected=0, deadline_s=DEADLINE_S):
        """SIGTERM; the exit code must be the expected one."""
        assert self.running(), f"{self.name} is not running\n{self.log_tail()}"
        self.send(signal.SIGTERM)
        self.wait_exit(expected, deadline_s)

    def kill(self):
        """kill -9; nothing is asserted but that it is gone."""
        if self.running():
            self.child.kill()
            self.child.wait()

    def close(self):
        """Killed for good."""
        self.kill()

    def assert_no_sanitizer_report(self):
        report = SANITIZER_REPORT.search(self.log())
        assert report is None, f"{self.name}: {self.log()[report.start():report.start() + 4000]}"
