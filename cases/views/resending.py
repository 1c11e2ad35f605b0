"""A reply that could not be delivered, or a receipt, is sent again."""

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from cases.models import Message
from cases.operations import retrying
from cases.views.actions import Done
from cases.views.delivery import mails_of


class SendAgain(Done):
    """The button at the message: to the address that its contact has now."""

    done = _("It goes out again.")

    def operate(self, case, revision, *, by, now, message):
        row = Message.objects.filter(case=case, pk=message).first()
        notice = mails_of([row]).get(row.pk) if row else None
        if notice is None:
            raise Http404
        retrying.send_reply_again(notice=notice, by=by, now=now)
