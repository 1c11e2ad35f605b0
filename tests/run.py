"""Runs every test twice, on SQLite and on PostgreSQL, and says at the end what passed, failed or was skipped.

Arguments go to pytest. DESK_SKIP_POSTGRESQL=1 allows a run without PostgreSQL; otherwise that is a failure.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from databases import ROOT, NoPostgreSQL, postgresql

COUNTS = ("tests", "failures", "errors", "skipped")


def main(arguments):
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-test-", dir=memory())))
        lines, failed = [], False
        for engine in ("SQLite", "PostgreSQL"):
            try:
                url = (
                    f"sqlite:///{folder}/desk.sqlite3"
                    if engine == "SQLite"
                    else stack.enter_context(postgresql())
                )
            except NoPostgreSQL as why:
                allowed = os.environ.get("DESK_SKIP_POSTGRESQL") == "1"
                failed = failed or not allowed
                lines.append(without_postgresql(why, allowed))
                continue
            code, summary = run(engine, url, folder, arguments)
            failed = failed or code != 0
            lines.extend(summary)
    print("\n".join(["", "=" * 78, *lines]), flush=True)
    return int(failed)


def memory(enough=2 << 30):
    """A folder kept in memory, where there is one with room: on SQLite the tests mostly wait for the disk."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > enough
    return shared if roomy else None


def run(engine, url, folder, arguments):
    """One run of the whole suite; its exit code and the lines of the closing summary."""
    print(f"\n{'=' * 78}\n{engine}\n{'=' * 78}", flush=True)
    report = folder / f"{engine}.xml"
    spread = (
        []
        if any(a.startswith(("-n", "--numprocesses")) for a in arguments)
        # A file's tests share what it starts or loads. More processes than cores, for journeys mostly wait.
        else ["-n", str((os.cpu_count() or 2) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    )
    code = subprocess.call(
        [
            *(sys.executable, "-m", "pytest", *spread),
            *(f"--junitxml={report}", f"--basetemp={folder}/{engine}"),
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder)},
    )
    return code, summarise(engine, report) if report.exists() else [
        f"{engine}: pytest ended with code {code}"
    ]


def summarise(engine, report):
    suite = ET.parse(report).getroot().find("testsuite")
    total, failures, errors, skipped = (int(suite.get(name)) for name in COUNTS)
    reasons = Counter(skip.get("message") for skip in suite.iter("skipped"))
    passed = total - failures - errors - skipped
    return [
        *(f"{engine} skipped {count}: {reason}" for reason, count in reasons.items()),
        f"{engine}: {passed} passed, {failures + errors} failed, {skipped} skipped",
    ]


def without_postgresql(why, allowed):
    """The line that says so, loudly."""
    verdict = "allowed" if allowed else "set TEST_DATABASE_URL, or allow it with DESK_SKIP_POSTGRESQL=1"
    return f"!!! NOTHING WAS TESTED ON POSTGRESQL: {why} ({verdict})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
