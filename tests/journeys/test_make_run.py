"""`make run` as a person meets it: it starts, answers, stops, keeps what it had, and says what it lacks."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.journeys.processes import (
    HUNG,
    ROOT,
    answer_of,
    ask,
    free_port,
    is_ready,
    left_running,
    manage,
    start_everything,
    wait_until,
)


@pytest.fixture
def started(product, tmp_path):
    """Starts everything on an installation that has nothing yet; (process, file of what it says)."""
    processes = []

    def start():
        product["PORT"] = str(free_port())
        processes.append(start_everything(product, tmp_path, "--prepare"))
        return processes[-1]

    yield start
    for process, _ in processes:
        process.kill()
        process.wait()


def stop(process, said, product):
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=HUNG) == 0, said.read_text()
    # A killed one takes a moment to be gone.
    wait_until(lambda: not left_running(product["VAR_DIR"]), within=30)


def how_many_cases(product):
    return int(manage(product, "shell", "--no-imports", "-c", COUNT).split()[-1])


COUNT = "from cases.models import Case; print(Case.objects.count())"


def test_everything_starts_answers_and_stops_without_a_trace_and_nothing_is_lost(started, product):
    process, said = started()
    begun = time.monotonic()
    assert answer_of(process, said, lambda: ask(product, "/health/live")) == (200, {"status": "live"})
    print(f"the first answer of a new installation after {time.monotonic() - begun:.1f} s")
    answer_of(process, said, lambda: is_ready(product))
    assert f"http://localhost:{product['PORT']}" in said.read_text()
    stop(process, said, product)
    cases = how_many_cases(product)
    assert cases > 0

    process, said = started()
    answer_of(process, said, lambda: is_ready(product))
    stop(process, said, product)
    assert how_many_cases(product) >= cases


def refusal(product, *arguments):
    """What runall says when it will not start; it must end with an error."""
    done = subprocess.run(
        [sys.executable, "manage.py", "runall", "--prepare", *arguments],
        cwd=ROOT,
        env=product,
        capture_output=True,
        text=True,
        timeout=HUNG,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_port_that_is_taken_is_one_line(product):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (line,) = refusal(product, "--port", str(port))
    assert f"127.0.0.1:{port}" in line and "make run PORT=8001" in line


def test_a_port_that_cannot_be_is_one_line(product):
    (line,) = refusal(product, "--port", "70000")
    assert "70000" in line


def test_a_folder_that_cannot_be_written_to_is_one_line(product, tmp_path):
    tmp_path.joinpath("file").write_text("in the way")
    (line,) = refusal({**product, "VAR_DIR": str(tmp_path / "file" / "var")}, "--port", str(free_port()))
    assert f"{tmp_path}/file/var cannot be written to" in line and "VAR_DIR" in line


def test_a_database_that_does_not_answer_is_one_line(product):
    away = {**product, "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/desk"}
    (line,) = refusal(away, "--port", str(free_port()))
    assert "Connection refused" in line


def make_run(folder, **variables):
    """What `make run` says in a folder that has nothing but the Makefile."""
    shutil.copy(ROOT / "Makefile", folder)
    folder.joinpath("requirements.txt").touch()
    done = subprocess.run(
        ["make", "run", *(f"{name}={value}" for name, value in variables.items())],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=HUNG,
    )
    assert done.returncode != 0
    assert not folder.joinpath(".venv").exists()
    # make adds a line of its own about the recipe that failed
    return [line for line in done.stderr.splitlines() if not line.startswith("make")], done.stdout


def test_a_python_too_old_is_one_line(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    assert make_run(tmp_path, PYTHON=old) == (
        [f'Python 3.11 or newer is needed; "{old}" is Python 3.9.2'],
        "",
    )


def test_no_python_at_all_is_one_line(tmp_path):
    (line,), _ = make_run(tmp_path, PYTHON="no-such-python")
    assert line.startswith('Python 3.11 or newer is needed; "no-such-python" is')
