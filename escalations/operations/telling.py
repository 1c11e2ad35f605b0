"""The word to the customer that goes with a handoff: sent with it, said before it, or owed after it."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.errors import InThePast
from cases.models import Channel, Promise
from cases.operations import promising, talk
from escalations.errors import IncompleteHandoff


class Telling(models.TextChoices):
    NOW = "now", gettext_lazy("Send it now")
    SAID = "said", gettext_lazy("It was said already")
    LATER = "later", gettext_lazy("Not yet")


@dataclass(frozen=True)
class Word:
    """`telling`: a Telling. `text`: what is sent, or was said by `channel` at `said_at` (aware).

    Not yet told: `because`, and `owed_by` (aware), by when the customer will know.
    """

    telling: str
    text: str = ""
    channel: str = Channel.MAIL
    said_at: datetime | None = None
    because: str = ""
    owed_by: datetime | None = None


def checked(word, *, now):
    """`word` without blanks around its texts. Raises IncompleteHandoff and InThePast."""
    word = replace(word, text=(word.text or "").strip(), because=(word.because or "").strip())
    if word.telling == Telling.LATER:
        if not word.because or word.owed_by is None:
            raise IncompleteHandoff(
                _("Say why the customer is not told yet, and by when they will be; it is owed until then.")
            )
        return word
    if not word.text:
        raise IncompleteHandoff(_("Write what the customer is told: why, who is next, by when."))
    if word.telling == Telling.SAID:
        if word.said_at is None or not word.channel:
            raise IncompleteHandoff(_("Say when the customer was told, and how."))
        if word.said_at > now:
            raise InThePast(_("This cannot have been said in the future; give a time up to now."))
    elif word.channel == Channel.PHONE:
        raise IncompleteHandoff(
            _("A word that is sent goes by mail, web or chat; what was said on the phone was said.")
        )
    return word


def columns(word, told_customer, *, now):
    """What a Handoff keeps of `word` (checked, or None), beside what the customer had been told before."""
    if word is None:
        return {}
    if word.telling == Telling.LATER:
        return {"untold_because": word.because}
    told = "\n".join(part for part in (told_customer.strip(), word.text) if part)
    return {"told_customer": told, "told_at": word.said_at or now, "told_by": word.channel}


def tell(case, word, *, by, now):
    """Send `word`, or track that it is owed."""
    if word.telling == Telling.NOW:
        talk.reply(case=case, body=word.text, channel=word.channel, by=by, now=now)
    elif word.telling == Telling.LATER:
        promising.promise(
            case=case,
            what=_("Tell the customer who has the case now"),
            kind=Promise.Kind.UPDATE,
            due_at=word.owed_by,
            by=by,
            now=now,
        )


def promise_call(case, call_back_at, word, *, by, now):
    """A call-back that was agreed is a promise to the customer, with its time."""
    told_at = word.said_at if word is not None and word.telling == Telling.SAID else now
    promising.promise(
        case=case,
        what=_("Call back about the escalation"),
        kind=Promise.Kind.UPDATE,
        channel=word.channel if word is not None else Channel.PHONE,
        told_at=told_at,
        due_at=call_back_at,
        by=by,
        now=now,
    )
