"""A form is sent once: its key is written with what it does, and the database has each key but once."""

import hashlib
import json
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases.errors import SentBefore
from cases.models import SentForm


class AlreadyDone(Exception):
    """This very form was sent before and has done what it does."""


@contextmanager
def once(*, key, content, case, by, now):
    """What is done inside is done once for this `key` (a UUID, or None for a form without one).

    `content`: what was sent, as JSON can hold it. Of two at the same moment, one waits for the other. What is
    refused inside takes the key back with it, so that the form can be mended and sent.
    Raises AlreadyDone, or SentBefore where other words came under the same key: those are not to be lost.
    """
    with transaction.atomic():
        if key is not None:
            _claim(key, digest(content), case, by, now)
        yield


def digest(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _claim(key, content, case, by, now):
    try:
        with transaction.atomic():
            SentForm.objects.create(person=by, case=case, key=key, content=content, sent_at=now)
    except IntegrityError as error:
        before = SentForm.objects.filter(person=by, key=key).first()
        if before is None:
            raise
        if before.content == content and before.case_id == case.pk:
            raise AlreadyDone from error
        raise SentBefore(
            _("This form was sent already, with other words. What you wrote is kept: send it too, or not.")
        ) from error
