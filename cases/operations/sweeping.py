"""What is thrown away after a while: files without a row, drafts nobody came back to, keys of old forms, what
was done to many cases at once."""

from datetime import timedelta
from itertools import islice

from cases import files
from cases.models import Attachment, DoneTogether, Draft, SentForm

# Longer than any transaction that is about to name a file could last.
ORPHANS_AFTER = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=90)
# It says why cases were refused, in words of those cases, and nobody looks for it later.
ANSWERED_FOR = timedelta(days=2)
AT_ONCE = 500


def sweep(*, now):
    """Take away what is left over as of `now`; return how much went. Bounded steps; two at once do no
    harm."""
    gone = _orphans(now - ORPHANS_AFTER)
    gone += _rows(DoneTogether.objects.filter(done_at__lt=now - ANSWERED_FOR))
    gone += _rows(Draft.objects.filter(saved_at__lt=now - FORGOTTEN_AFTER))
    return gone + _rows(SentForm.objects.filter(sent_at__lt=now - FORGOTTEN_AFTER))


def _orphans(before):
    gone, paths = 0, files.older_than(before)
    while some := {path.name: path for path in islice(paths, AT_ONCE)}:
        named = set(Attachment.objects.filter(sha256__in=some).values_list("sha256", flat=True))
        gone += sum(
            files.remove(path, unless_younger_than=before) for name, path in some.items() if name not in named
        )
    return gone


def _rows(old):
    gone = 0
    while pks := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        gone += old.model.objects.filter(pk__in=pks).delete()[0]
    return gone
