"""What the escalation's operations refuse, each by name."""

from cases.errors import Refused


class AlreadyRunning(Refused):
    """That path runs on the case already, at this level or above it."""


class IncompleteHandoff(Refused):
    """A handoff without reason, background, what was tried and next steps is no handoff."""


class TooLate(Refused):
    """A call-back later than the customer is owed one."""


class NotWaiting(Refused):
    """The handoff has been answered, or has moved on."""


class CannotDecline(Refused):
    """The top level and the fallback holder cannot decline."""


class NotTheHolder(Refused):
    """This handoff went to somebody else."""


class Unpublishable(Refused):
    """A draft that would leave somebody without an answer; each finding is named."""


class NotOffered(Refused):
    """This option is not one of those that may be tried here."""


class SkipNeedsReason(Refused):
    """Options are tried lowest first; whoever skips one says why."""


class OverTheLimit(Refused):
    """More money than this person may grant; the message names who may."""


class AlreadyAsked(Refused):
    """A question about this handoff waits for its answer already."""


class NobodyToAsk(Refused):
    """The handoff came from nobody who could answer a question about it."""


class StaleMatrix(Refused):
    """Somebody else changed the rules since the page was loaded; each change is named."""


class RuleUnfit(Refused):
    """This rule cannot be switched like that: it is so already, or what it starts is not in force."""


class NameTaken(Refused):
    """Another path has this name."""


class RoleUnfilled(Refused):
    """A template's role that nobody fills, or somebody who cannot; each is named."""


class CannotBacktest(Refused):
    """There is nothing to try, or no past to try it on."""


class ChangedMeanwhile(Refused):
    """Somebody else changed the draft since it was looked at; the differences are named."""


class NeedsAnother(Refused):
    """A second manager approves: who changed a draft does not publish it."""
