"""The processes that wake the engine and deliver notices. The database decides; this only says "look now".

A lost or doubled message costs nothing: the next tick comes five seconds later, and what is due stands in a
table. So messages are acknowledged early, expire before the next one, and leave no result.
"""

import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings

from escalation_site import pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")

TICK = 5.0  # seconds between two wake-ups, and the life of one that nobody took
EMBEDDED = settings.BROKER_URL.startswith("sqla+")

app = Celery("escalation_site")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_retry_on_startup=True,
    # These go to SQLAlchemy as they are; kombu's own options (polling_interval) would break it.
    broker_transport_options={"connect_args": {"timeout": 20}}
    if settings.BROKER_URL.startswith("sqla+sqlite")
    else {},
    task_ignore_result=True,
    task_default_queue="delivery",
    worker_prefetch_multiplier=1,
    # The embedded broker has no fan-out, so there is nobody to answer `celery inspect`.
    worker_enable_remote_control=not EMBEDDED,
    timezone="UTC",
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
    beat_schedule={
        "engine": {
            "task": "cases.tasks.run_engine",
            "schedule": TICK,
            "options": {"queue": "engine", "expires": TICK},
        },
        "delivery": {
            "task": "cases.tasks.deliver_notices",
            "schedule": TICK,
            "options": {"queue": "delivery", "expires": TICK},
        },
        # Hourly, though a day would do: a beat that forgets when it last ran never waits a whole one out.
        "minutes": {
            "task": "cases.tasks.purge_minutes",
            "schedule": 3600.0,
            "options": {"queue": "delivery", "expires": 3600.0},
        },
        "sweep": {
            "task": "cases.tasks.sweep",
            "schedule": 3600.0,
            "options": {"queue": "delivery", "expires": 3600.0},
        },
        "turns of duty": {
            "task": "cases.tasks.write_turns",
            "schedule": 3600.0,
            "options": {"queue": "delivery", "expires": 3600.0},
        },
        "presences": {
            "task": "cases.tasks.purge_presences",
            "schedule": 300.0,
            "options": {"queue": "delivery", "expires": 300.0},
        },
        "reconciler": {
            "task": "cases.tasks.reconcile",
            "schedule": 60.0,
            "options": {"queue": "delivery", "expires": 60.0},
        },
        # Often it does nothing: how seldom it may count is a matter of how long that takes.
        "daily counts": {
            "task": "reports.tasks.count_days",
            "schedule": 60.0,
            "options": {"queue": "delivery", "expires": 60.0},
        },
        "stand-ins": {
            "task": "escalations.tasks.renew_stand_ins",
            "schedule": 60.0,
            "options": {"queue": "delivery", "expires": 60.0},
        },
        "back-test": {
            "task": "escalations.tasks.back_test",
            "schedule": TICK,
            "options": {"queue": "delivery", "expires": TICK},
        },
        "recalculation": {
            "task": "cases.tasks.recalculate",
            "schedule": TICK,
            "options": {"queue": "delivery", "expires": TICK},
        },
    },
)
if EMBEDDED:
    app.conf.beat_schedule["broker"] = {
        "task": "escalation_site.tasks.purge_broker",
        "schedule": 3600.0,
        "options": {"queue": "delivery", "expires": 3600.0},
    }
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs):
    """Celery would set up the log its own way; settings.LOGGING has the word."""


@worker_init.connect
def borrow_connections(**kwargs):
    pools.borrow()
