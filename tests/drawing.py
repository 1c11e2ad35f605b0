"""What hypothesis draws: the same in every run, so that none fails by what it drew or by how slow a machine
was. DESK_EXAMPLES=500 looks further, and elsewhere each time."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("DESK_EXAMPLES", "0"))


def begin():
    """Let all properties draw like that, also those that say nothing of it."""
    settings.register_profile(
        "desk",
        max_examples=EXAMPLES or 100,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("desk")


def examples(number, **more):
    """So many of them, unless DESK_EXAMPLES says how many."""
    return settings(max_examples=EXAMPLES or number, **more)
