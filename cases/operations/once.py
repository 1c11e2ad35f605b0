"""A form is sent once: its key is written with what it does, and the database has each key but once."""

import hashlib
import json
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases.errors import Incomplete, SentBefore
from cases.models import SentForm
from cases.sets import add_each

# Going back, some browsers fetch the page anew and put the old words into its new form: the same words from
# the same person, so soon, are the same form.
SAME_WORDS_WITHIN = timedelta(minutes=10)


class AlreadyDone(Exception):
    """This very form was sent before and has done what it does."""


@contextmanager
def once(*, key, content, case, by, now):
    """What is done inside is done once for this `key` (a UUID, or None for a form without one).

    `content`: what was sent, as JSON can hold it. Of two at the same moment, one waits for the other. What is
    refused inside takes the key back with it, so that the form can be mended and sent.
    Raises AlreadyDone, or SentBefore where other words came under the same key: those are not to be lost.
    """
    content = digest(content)
    if key is not None:
        _refuse_what_was_said_lately(key, content, case, by, now)
    with transaction.atomic():
        if key is not None:
            _claim(key, content, case, by, now)
        yield


def made_once(*, key, by, now, do):
    """The case that came of the form with this `key` (a UUID): of `do()`, or of the first time it was sent.

    Inside `history.acting`. Of two at the same moment, one waits for the other. Raises Incomplete without a
    key, and what `do` raises; then nothing was sent.
    """
    if key is None:
        raise Incomplete(_("This form came without its key; open it again."))
    mine = {"person_id": by.pk, "key": key}
    add_each([SentForm(sent_at=now, **mine)], once_by="sentform_once")
    sent = SentForm.objects.select_related("case").get(**mine)
    if sent.case is None:
        sent.case = do()
        sent.save(update_fields=["case"])
    return sent.case


def digest(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _refuse_what_was_said_lately(key, content, case, by, now):
    lately = SentForm.objects.filter(
        person=by, case=case, content=content, sent_at__gte=now - SAME_WORDS_WITHIN
    )
    before = lately.exclude(key=key).order_by("pk").first()
    if before is None:
        return
    # This form has done what it does as well; its tab asks by its key whether to keep the words.
    SentForm.objects.get_or_create(
        person=by, key=key, defaults={"case": case, "content": content, "sent_at": before.sent_at}
    )
    raise AlreadyDone


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
