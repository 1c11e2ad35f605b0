"""What operations refuse, each by name. The message is a sentence for people: what is wrong and what would
be accepted."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class Refused(ValidationError):
    """An operation was refused; nothing was written. Forms and the API show its message."""


class StaleCase(Refused):
    """Somebody else changed the case since the page was loaded."""


class WrongMove(Refused):
    """The case's status does not permit this."""


class AlreadyPaused(Refused):
    """The case is paused for this reason already."""


class Blocked(Refused):
    """Something is still owed; each blocker is named."""


class NotInForce(Refused):
    """Something that was never published, or not yet."""


class InThePast(Refused):
    """The past of a calendar, a promise or a publication cannot be changed."""


class Overlaps(Refused):
    """It would lie over another one of the same person."""


class NoOpenHour(Refused):
    """Without an open hour nothing would ever be due."""


class TooLate(Refused):
    """The time in which it could be undone is over."""


class Incomplete(Refused):
    """A text that must be there is missing."""


class TooWide(Refused):
    """It would hold for cases that it is not meant for."""


class ConflictOfInterest(Refused):
    """Somebody named in a complaint never owns or holds it."""


class NotTheirs(Refused):
    """This person may not do this here."""


class NotSetAside(Refused):
    """The timer is not set aside any more: somebody was quicker, or it never was."""


class NotFailed(Refused):
    """The notice has not failed, or no longer: it waits, or it has left."""


class BeyondLimit(NotTheirs):
    """More is at stake than this person, or anybody who could approve it here, may decide."""


class AlreadyDecided(Refused):
    """The ask has a decision, or one that waits for approval; take it back first."""


class NotDecided(Refused):
    """There is no such decision to approve, send back or take back: somebody was quicker."""


class Unfilled(Refused):
    """A placeholder still stands where words should: the text must not leave like that."""


class FileRefused(Refused):
    """A file is too large, empty, of no accepted kind, or another than its name says; each is named."""


class SentBefore(Refused):
    """A form that was sent already came again with other words in it."""


class WrongAnswer(Refused):
    """An answer that does not fit its question."""


class AlreadyOpen(Refused):
    """The whole of the case may be read by this person without a reason."""


class AlreadyKnown(Refused):
    """A customer like this one is there already."""


class StaleSheet(Refused):
    """The desk changed since a sheet was looked at: `rows` are what it would do now."""

    def __init__(self, rows):
        self.rows = rows
        super().__init__(
            _("Nothing was imported: people changed meanwhile. Below is what the file would do now.")
        )


class WrongSheet(Refused):
    """Rows of a sheet are wrong: `rows` are what it would do, each with what is wrong with it."""

    def __init__(self, rows):
        self.rows = rows
        super().__init__(_("Nothing was imported: some rows are wrong. Each is named below."))

    @property
    def fields(self):
        """{place: [sentence, …]}, by the place of a row and the name of its column."""
        found = {}
        for place, row in enumerate(self.rows):
            for column, sentence in row.errors:
                found.setdefault(f"rows.{place}.{column}", []).append(sentence)
        return found


class SurveyOver(Refused):
    """It is too late to answer."""
