"""What the workers do for ladders when they are woken. Here the clock is read; below it is given."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from cases.tasks import LINGER, stopping
from escalations.operations import backtesting, standing_in


@shared_task
def back_test():
    """Go on with the back-tests that managers asked for, for a few seconds; return how many slices."""
    until, worker, slices = timezone.now() + timedelta(seconds=LINGER), backtesting.Worker(), 0
    while not stopping.is_set() and (now := timezone.now()) < until and worker.next_slice(now=now):
        slices += 1
    return slices


@shared_task
def renew_stand_ins():
    """Who stands in on what waits for teams, as people come and go; return on how many cases it changed."""
    return standing_in.renew(now=timezone.now())
