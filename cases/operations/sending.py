"""A form that is sent twice does its work once."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete
from cases.models import SentForm


def once(*, key, by, now, do):
    """The case that came of the form with this one-time `key`: of `do()`, or of the first time it was sent.

    Inside `history.acting`. Two who send it at the same moment wait for each other here: the database lets
    one of them in. Raises Incomplete without a key, and what `do` raises; then nothing was sent.
    """
    if not key.strip():
        raise Incomplete(_("This form came without its key; open it again."))
    mine = {"person_id": by.pk, "key": key[:64]}
    SentForm.objects.bulk_create([SentForm(sent_at=now, **mine)], ignore_conflicts=True)
    sent = SentForm.objects.select_related("case").get(**mine)
    if sent.case is None:
        sent.case = do()
        sent.save(update_fields=["case"])
    return sent.case
