"""Several who do something at the same moment."""

import threading

from django.db import connection

from cases.errors import Refused


def at_once(*steps):
    """What came of each step, run in threads of their own that begin together: "done", or the refusal."""
    ready, found = threading.Barrier(len(steps)), {}

    def run(number, step):
        ready.wait()
        try:
            step()
            found[number] = "done"
        except Refused as refusal:
            found[number] = type(refusal).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found.values())
