"""Carry what is in the outbox out of the building: at least once, with back-off, never marked sent before
it is."""

import logging
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction

from cases import files, notices
from cases.models import Attachment, Notice

log = logging.getLogger(__name__)

# While one process sends, others leave the notice alone; if it dies, somebody tries again after this long.
LEASE = timedelta(seconds=60)
FIRST_BACKOFF = timedelta(seconds=10)
LONGEST_BACKOFF = timedelta(hours=1)
MOST_ATTEMPTS = 12


def deliver_due(*, now, limit=None):
    """Send the notices that are due at `now`; return how many left. Any number of processes may do it at
    once.

    No more at a time than a server that lets each wait for its timeout leaves time for: what is leased and
    not reached before the lease is over, another process would send as well.
    """
    limit = limit or max(LEASE // timedelta(seconds=settings.EMAIL_TIMEOUT), 1)
    return sum(_send(notice, now) for notice in _lease(now, limit))


def _lease(now, limit):
    """Claim notices by a lease, so that no lock is held while a mail server thinks."""
    if not Notice.objects.to_deliver(now).exists():
        return []  # a look takes no lock, on SQLite not even the writer's
    with transaction.atomic():
        due = Notice.objects.to_deliver(now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        mine = list(due.select_related("case__customer", "case__owner", "person", "contact")[:limit])
        for notice in mine:
            notice.attempts += 1
            notice.next_attempt_at = now + LEASE
        Notice.objects.bulk_update(mine, ["attempts", "next_attempt_at"])
    return mine


class NoAddress(Exception):
    """Whoever it is for has no address any more. A mail to nobody leaves without a word, and has not left."""


def _send(notice, now):
    try:
        message(notice).send()
    except Exception as error:  # whatever a mail server or a template may raise: the notice must not be lost
        log.warning("notice %s could not be sent: %s", notice.pk, error)
        _put_off(notice, error, now)
        return 0
    Notice.objects.filter(pk=notice.pk, state=Notice.State.QUEUED).update(
        state=Notice.State.SENT, sent_at=now, last_error=""
    )
    return 1


def _put_off(notice, error, now):
    again = now + min(FIRST_BACKOFF * 2 ** (notice.attempts - 1), LONGEST_BACKOFF)
    is_over = notice.attempts >= MOST_ATTEMPTS or isinstance(error, NoAddress)  # which no later try mends
    state = Notice.State.FAILED if is_over else Notice.State.QUEUED
    Notice.objects.filter(pk=notice.pk, state=Notice.State.QUEUED).update(
        state=state, next_attempt_at=again, last_error=f"{type(error).__name__}: {error}"[:2000]
    )


def message(notice):
    """The mail of `notice`. Its Message-ID comes from the notice's key: sent twice, a mail client shows it
    once. A reply carries what came with it; raises FileNotFoundError rather than leave without, NoAddress
    where there is nobody to send it to."""
    to = notice.person or notice.contact
    if not to.email:
        raise NoAddress(f"{to} has no email address")
    subject, body = notices.mail(notice)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    headers = {"Message-ID": f"<notice-{notice.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    if notice.kind == "reply":
        del headers["Auto-Submitted"]
    mail = EmailMessage(subject=subject, body=body, to=[to.email], headers=headers)
    if notice.contact_id and "message" in notice.facts:
        for attachment in Attachment.objects.filter(message=notice.facts["message"]).order_by("pk"):
            with files.get(attachment.sha256) as content:
                mail.attach(attachment.name, content.read(), attachment.media_type)
    return mail
