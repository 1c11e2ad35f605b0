"""Files that come with a message: judged, written, and then named by a row beside the message."""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import file_types, files
from cases.errors import FileRefused
from cases.models import Attachment


@dataclass(frozen=True)
class Kept:
    """A file that was judged and written; no row names it yet."""

    name: str
    media_type: str
    size: int
    sha256: str


def keep(uploads):
    """Judge `uploads` (each with `name` and `read`) and write what they hold; [Kept] in their order.

    All or none: raises FileRefused with a sentence for each that is not accepted. Called before the
    transaction's lock is taken, and harmless if it comes to nothing.
    """
    uploads = list(uploads)
    if len(uploads) > settings.ATTACHMENTS_MAX_COUNT:
        most = settings.ATTACHMENTS_MAX_COUNT
        raise FileRefused(
            ngettext(
                "At most %(most)d file comes with a message; send the rest with another.",
                "At most %(most)d files come with a message; send the rest with another.",
                most,
            )
            % {"most": most}
        )
    judged, refused, total = [], [], 0
    for upload in uploads:
        content = upload.read(settings.ATTACHMENT_MAX_BYTES + 1)
        total += len(content)
        try:
            if len(content) > settings.ATTACHMENT_MAX_BYTES:
                raise file_types.NotAccepted(too_large(upload.name))
            judged.append((*file_types.judge(upload.name, content), content))
        except file_types.NotAccepted as why:
            refused.append(str(why))
    if total > settings.ATTACHMENTS_MAX_BYTES and not refused:
        refused.append(too_large_together())
    if refused:
        raise FileRefused(refused)
    return [
        Kept(name, kind.media_type, len(content), files.put(content))
        for name, kind, content in _named_apart(judged)
    ]


def fingerprint(upload):
    """[name, SHA-256] of an upload, which is left to be read from its beginning."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return [upload.name, digest.hexdigest()]


def too_large(name):
    """The sentence that refuses a file for its size."""
    return _("“%(name)s” is too large; a file may have %(most)s.") % {
        "name": file_types.clean_name(name),
        "most": filesizeformat(settings.ATTACHMENT_MAX_BYTES),
    }


def too_large_together():
    return _("Together the files are larger than %(most)s; send some of them with another message.") % {
        "most": filesizeformat(settings.ATTACHMENTS_MAX_BYTES)
    }


def _named_apart(judged):
    """The same file chosen twice comes once; others of one name get a number."""
    taken, seen = set(), set()
    for name, kind, content in judged:
        if (name, content) in seen:
            continue
        seen.add((name, content))
        stem, _dot, extension = name.rpartition(".")
        number = 1
        while name in taken:
            number += 1
            name = file_types.clean_name(f"{stem[:100]} ({number}).{extension}")
        taken.add(name)
        yield name, kind, content


def attach(message, kept):
    """Name what was `kept` as coming with `message`; in the message's own transaction."""
    return [
        Attachment.objects.create(
            message=message, name=one.name, media_type=one.media_type, size=one.size, sha256=one.sha256
        )
        for one in kept
    ]
