# SPDX-License-Identifier: Apache-2.0
"""What was measured, beside what it should be."""

import os
import platform

CPU_BEYOND_HTTP_US = 30
SHARE_OF_CONCURRENCY = 0.9
LONE_P50_MS = 45
PEAK_RSS_MB = 30
PACED_CPU_US = 400


def percentile(values, share):
    """The value that this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


class Targets:
    """Collects verdicts; a miss is printed like any other result."""

    def __init__(self):
        self.rows = []

    def at_most(self, what, value, limit, unit):
        self._add(what, value, limit, unit, "<=", value <= limit)

    def at_least(self, what, value, limit, unit):
        self._add(what, value, limit, unit, ">=", value >= limit)

    def _add(self, what, value, limit, unit, sign, ok):
        self.rows.append({"what": what, "value": value, "target": limit, "unit": unit, "sign": sign,
                          "ok": ok})


def number(value):
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def table(titles, rows):
    """A Markdown table whose columns line up."""
    rows = [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]

    def line(cells, left=True):
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.ljust(width) if left else cell.rjust(width)
                   for cell, width in zip(cells[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":"
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([line(titles), rule, *(line(row, left=False) for row in rows)])


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for text in file:
            if text.startswith("model name"):
                model = text.partition(":")[2].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_gb = int(file.readline().split()[1]) / 1024 / 1024
    return f"{len(os.sched_getaffinity(0))} cores ({model}), {memory_gb:.0f} GB, Linux {platform.release()}"


def _bursts(runs):
    titles = ["burst", "events/s", "CPU us/event", "bare libcurl us/event", "beyond it", "ratio",
              "other load"]
    return table(titles, [
        [f"{run['latency_ms']} ms, {run['threads']} threads, {run['calls']} calls",
         run["events_per_s"], run["cpu_us"], run["libcurl_us"], run["beyond_us"],
         f"{run['ratio']:.2f}", f"{100 * run['meter']['strangers']:.0f} %"] for run in runs])


def _latencies(runs):
    titles = ["latency", "p50 ms", "p99 ms", "CPU us/event", "bare libcurl us/event", "other load"]
    return table(titles, [[run["name"], run["p50_ms"], run["p99_ms"], run["cpu_us"], run.get("libcurl_us"),
                           f"{100 * run['meter']['strangers']:.0f} %"] for run in runs])


def _processes(stages):
    titles = ["process", "peak RSS MB", "idle CPU us/s"]
    return table(titles, [[f"{stage['latency_ms']} ms, {stage['threads']} threads",
                           stage["peak_rss_mb"], stage["idle_cpu_us_per_s"]] for stage in stages])


def judge(stages, paced_per_s):
    """The targets that the stages which ran have something to say about."""
    targets = Targets()
    for stage in stages:
        where = f"{stage['latency_ms']} ms, {stage['threads']} threads"
        for run in stage["bursts"]:
            targets.at_most(f"CPU beyond HTTP, {where}, {run['calls']} calls", run["beyond_us"],
                            CPU_BEYOND_HTTP_US, "us")
            if stage["latency_ms"] >= 100:
                targets.at_least(f"share of concurrency / latency, {where}, {run['calls']} calls",
                                 100 * run["calls_per_s"] * stage["latency_ms"] / 1000 / stage["threads"],
                                 100 * SHARE_OF_CONCURRENCY, "%")
        if stage["threads"] <= 32:
            targets.at_most(f"peak RSS, {where}", stage["peak_rss_mb"], PEAK_RSS_MB, "MB")
        for run in stage["paced"]:
            targets.at_most(f"CPU at {paced_per_s}/s, {where}", run["cpu_us"], PACED_CPU_US, "us")
        for run in stage["lone"]:
            if stage["latency_ms"] == 5 and run["name"].startswith("lone"):
                targets.at_most(f"p50 of {run['name']}", run["p50_ms"], LONE_P50_MS, "ms")
    return targets.rows


def _targets(rows):
    return table(["target", "measured", "wanted", ""], [
        [row["what"], f"{number(row['value'])} {row['unit']}",
         f"{row['sign']} {number(row['target'])} {row['unit']}", "ok" if row["ok"] else "MISS"]
        for row in rows])


def render_models(result, tables):
    return "\n\n".join([result["machine"], tables, _targets(result["targets"])])


def render(result):
    stages = result["stages"]
    parts = [
        result["machine"],
        _bursts([run for stage in stages for run in stage["bursts"]]),
        _latencies([run for stage in stages for run in stage["paced"] + stage["lone"]]),
        _processes(stages),
        _targets(result["targets"]),
    ]
    return "\n\n".join(parts)
