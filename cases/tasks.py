"""What the workers do when they are woken: look at the table. Here the clock is read; below it is given."""

import multiprocessing
import threading
from datetime import timedelta

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from cases import engine, reconciling
from cases.models import Notice
from cases.operations import delivering, duties, presence, recalculating, sweeping, watching

# The reconciler comes once a minute and stays so long: the engine and the notices have the machine.
ROUND = 10
# A tick comes every 5 s and stays 7, so that two overlap and a lost one is not missed.
LINGER = 7
stopping = threading.Event()


@worker_shutting_down.connect
def stop_lingering(**kwargs):
    """A worker asked to stop waits for its tasks; this one can end within a slice."""
    stopping.set()


@shared_task(bind=True)
def run_engine(self):
    """Fire timers as they fall due, for a few seconds; return how many."""
    # Each thread keeps a pass record of its own, under a name that stays the same after a restart.
    seat = (self.request.hostname, multiprocessing.current_process().name, threading.current_thread().name)
    return engine.linger(
        seconds=LINGER,
        clock=timezone.now,
        sleep=stopping.wait,
        stopped=stopping.is_set,
        worker="/".join(str(part) for part in seat),
    )


@shared_task
def deliver_notices():
    """Send what waits in the outbox, for a few seconds; return how many left."""
    until = timezone.now() + timedelta(seconds=LINGER)
    sent = 0
    while not stopping.is_set() and timezone.now() < until:
        sent += delivering.deliver_due(now=timezone.now())
        # What could not be sent was put off, and must not hold up what waits behind it.
        if not Notice.objects.to_deliver(timezone.now()).exists():
            stopping.wait(1)
    return sent


@shared_task
def purge_minutes():
    """Throw away what the watchdog no longer draws; return how many rows went."""
    return watching.purge(now=timezone.now())


@shared_task
def sweep():
    """Throw away files without a row, forgotten drafts and keys of old forms; return how much went."""
    return sweeping.sweep(now=timezone.now())


@shared_task
def purge_presences():
    """Forget who has a case open no longer; return how many rows went."""
    return presence.purge(now=timezone.now())


@shared_task
def reconcile():
    """Go on with the reconciler's round for a few seconds; return how many repairs there were."""
    report = reconciling.go_on(seconds=ROUND, clock=timezone.now, stopped=stopping.is_set)
    return len(report.repairs)


@shared_task
def recalculate():
    """Work through what changed calendars and moved cases left to do, for a few seconds; return how many
    slices."""
    until = timezone.now() + timedelta(seconds=LINGER)
    slices = 0
    while not stopping.is_set() and (now := timezone.now()) < until and recalculating.next_slice(now=now):
        slices += 1
    return slices


@shared_task
def write_turns():
    """Write the turns of duty of the weeks to come; return how many."""
    return duties.fill(now=timezone.now())
