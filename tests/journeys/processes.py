"""Starting the product's own processes, asking them, and finding what they left."""

import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Seconds after which what has not come hangs. What is slow may take as long as it likes: where many share two
# cores, a start of half a minute takes ten times that.
HUNG = 900


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


def wait_until(question, within=HUNG, every=0.1):
    """The first true answer to `question()` within so many seconds; else the test fails."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(OSError):
            if answer := question():
                return answer
        time.sleep(every)
    pytest.fail(f"nothing within {within} s")


def answer_of(process, said, question):
    """The first true answer to `question()` while the process runs; if it ends, what it said."""

    def asked():
        assert process.poll() is None, said.read_text()
        return question()

    return wait_until(asked)


def start_everything(product, folder, *arguments):
    """What `make run` starts at last, in the environment `product`; the process, the file of what it says."""
    said = folder / f"said-{len(list(folder.glob('said-*')))}.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runall", "--port", product["PORT"], *arguments],
            cwd=ROOT,
            env=product,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return process, said


def ask(product, path):
    """Status and JSON of an address, or None while nobody answers."""
    line = http.client.HTTPConnection("127.0.0.1", int(product["PORT"]), timeout=60)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


def is_ready(product):
    answer = ask(product, "/health/ready")
    return answer is not None and answer[0] == 200


def manage(product, *arguments):
    """Run a management command to its end; its output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=product,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Runs what comes as a line of JSON, script after script, and says as one what each has printed.
SCRIPTS = """
import contextlib, io, json, sys
answers = sys.stdout
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(json.loads(line), {})
    print(json.dumps(said.getvalue()), file=answers, flush=True)
"""


@contextmanager
def scripting(product):
    """A function that runs a script in the product and returns what it prints: one process for all of them,
    of which each would take two seconds to begin."""
    with TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", SCRIPTS],
            cwd=ROOT,
            env=product,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

        def run(script):
            process.stdin.write(json.dumps(script) + "\n")
            process.stdin.flush()
            said = process.stdout.readline()
            if not said:
                errors.seek(0)
                pytest.fail(errors.read())
            return json.loads(said)

        with process:
            yield run


def program(module, product, *arguments, timeout=HUNG):
    """Run a module of this folder to its end, in the environment `product`; its output."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.journeys.{module}", *arguments],
        cwd=ROOT,
        env=product,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def left_running(folder):
    """Processes whose environment names this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            alive = entry.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
            if alive and f"VAR_DIR={folder}".encode() in entry.joinpath("environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
