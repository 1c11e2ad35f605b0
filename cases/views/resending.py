"""A reply that could not be delivered is sent again."""

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from cases.models import Message, Notice
from cases.operations import retrying
from cases.views.actions import Done
from cases.views.delivery import key_of


class SendAgain(Done):
    """The button at the message: to the address that its contact has now."""

    done = _("It goes out again.")

    def operate(self, case, revision, *, by, now, message):
        row = Message.objects.filter(case=case, pk=message, direction=Message.Direction.OUT).first()
        notice = row and Notice.objects.filter(key=key_of(row)).select_related("contact").first()
        if notice is None:
            raise Http404
        retrying.send_reply_again(notice=notice, by=by, now=now)
