"""A new date in place of a promise, and the word to the customer that goes with it."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, InThePast
from cases.models import Channel, Promise

from . import promising, talk


def replace(
    *,
    promise,
    what,
    due_at,
    by,
    now,
    kind=Promise.Kind.UPDATE,
    channel=Channel.MAIL,
    word="",
    told_at=None,
    revision=None,
):
    """Give the customer a new date for an open or broken promise. Returns the new Promise.

    `word` is written to them with it, by `channel`; without one they were told by `channel` at `told_at`
    (aware): nobody learns of another date by waiting in vain.
    Raises Incomplete without either, InThePast, WrongMove where nothing is owed by it any more, StaleCase.
    """
    word = word.strip()
    if not word and told_at is None:
        raise Incomplete(_("Write what the customer is told of it, or say when they were told."))
    if word and channel == Channel.PHONE:
        raise Incomplete(_("A word that is sent goes by mail, web or chat; by phone, say when it was said."))
    if told_at is not None and told_at > now:
        raise InThePast(_("This cannot have been said in the future; give a time up to now."))
    case = promise.case
    with history.acting(by=by, reason=_("promise replaced"), now=now):
        new = promising.promise(
            case=case,
            what=what,
            due_at=due_at,
            kind=kind,
            channel=channel,
            told_at=None if word else told_at,
            replaces=promise,
            revision=revision,
            by=by,
            now=now,
        )
        if word:
            talk.reply(case=case, body=word, channel=channel, by=by, now=now)
    return new
