"""Drafts: what somebody began to write, kept for them alone."""

from django.utils.translation import gettext as _

from cases.errors import Refused
from cases.models import Draft, SentForm


def keep(*, case, by, kind, text, now, key=None):
    """Keep `text` as `by`'s draft of this `kind` on `case`; an empty text is none. The Draft, or None.

    `key` is that of the form it is written in: one that was sent meanwhile leaves no draft behind it.
    """
    if len(text) > Draft.LONGEST:
        raise Refused(
            _("This is longer than a message may be (%(most)d characters); the rest is not kept.")
            % {"most": Draft.LONGEST}
        )
    if not text.strip():
        discard(case=case, by=by, kind=kind)
        return None
    if key is not None and SentForm.objects.filter(person=by, key=key).exists():
        return None
    draft, _created = Draft.objects.update_or_create(
        person=by, case=case, kind=kind, defaults={"text": text, "saved_at": now}
    )
    return draft


def discard(*, case, by, kind):
    """Throw the draft away; none is none."""
    Draft.objects.filter(person=by, case=case, kind=kind).delete()
