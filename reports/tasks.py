"""What the workers do for reports: count the days."""

from celery import shared_task
from django.utils import timezone

from reports import counting


@shared_task
def count_days():
    """Count what happened on the last days, if it is time to; return how many counts changed."""
    now = timezone.now()
    if not counting.is_due(now=now):
        return 0
    changed = counting.refresh(now=now)
    counting.took(seconds=(timezone.now() - now).total_seconds())
    return changed
