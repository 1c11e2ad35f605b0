"""A file that came with a message: for those who may read the message, and so that nothing in it runs."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.views import View

from cases import files
from cases.models import Attachment, Message
from cases.views.finding import find, may

# Whatever a browser makes of the content, it is in no origin, runs nothing and loads nothing.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'"


class Attached(LoginRequiredMixin, View):
    def get(self, request, number, attachment):
        case = find(request.user, number)
        return content_of(attachment, case=case, reader=request.user, inline="show" in request.GET)


def content_of(pk, *, case, reader, inline=False):
    """The content of an attachment of `case`. Pictures may be shown `inline`; all else is downloaded.

    Raises Http404 for one of another case, or of an internal note where `reader` may not read those.
    """
    found = Attachment.objects.filter(pk=pk, message__case=case)
    if not may(reader, "case.read", case):
        found = found.exclude(message__direction=Message.Direction.INTERNAL)
    attachment = found.first()
    if attachment is None:
        raise Http404
    try:
        # Whole: none is larger than what was accepted.
        with files.get(attachment.sha256) as content:
            response = HttpResponse(
                content.read(),
                content_type=attachment.media_type if attachment.kind else "application/octet-stream",
            )
    except FileNotFoundError as error:
        raise Http404 from error
    is_download = not (inline and attachment.is_shown_inline)
    response["Content-Disposition"] = content_disposition_header(is_download, attachment.name)
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
