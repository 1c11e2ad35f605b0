"""What somebody holds who leaves, kind by kind, and how each is passed on. Higher apps register theirs; this
one never asks upwards."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

# What a page shows of a kind.
EXAMPLES = 5

TO_PERSON, TO_QUEUE, BY_RULES = "person", "queue", "rules"
WAYS = (
    (TO_PERSON, _("to the person named below")),
    (TO_QUEUE, _("to the team’s unassigned queue")),
    (BY_RULES, _("by the intake rules, and the ladders’ own next holder")),
)


@dataclass(frozen=True)
class Choice:
    """Where it goes: cases one of WAYS, and whatever needs a name to `to`; who leads a team next that they
    lead alone, by `leads` ({team id: Person}). What is of a restricted case that is kept from whoever passes
    it on goes to `kept_to`, or stays without one."""

    way: str
    to: object  # Person
    reason: str
    leads: dict = field(default_factory=dict)
    kept_to: object = None  # Person


@dataclass(frozen=True)
class Held:
    """One kind of thing that somebody holds: how many, and a few of their rows.

    `kept`: how many more there are, of cases that are kept from whoever reads; no page says of what kind.
    `blocks`: they cannot leave while there is one, and it cannot be passed on here: `mend` says what to do.
    `stays`: it is said, and stays as it is.
    """

    words: str
    count: int
    examples: list = field(default_factory=list)
    blocks: bool = False
    stays: bool = False
    mend: str = ""
    kept: int = 0

    @property
    def number(self):
        return self.count + self.kept

    @property
    def hinders(self):
        return bool(self.number) and not self.stays


@dataclass
class Passed:
    """How many were passed on, `kept` of them to who takes what is kept from whoever passes it on; and how
    many cannot go to the person who was named, or by who names them."""

    number: int = 0
    left: int = 0
    kept: int = 0

    def add(self, other):
        self.number += other.number
        self.left += other.left
        self.kept += other.kept
        return self

    @property
    def refused(self):
        """In sentences. Without why, which would tell whom a complaint names, or of a restricted case."""
        if not self.left:
            return []
        words = ngettext(
            "%(n)d thing needs another person: name somebody else, also for restricted cases.",
            "%(n)d things need another person: name somebody else, also for restricted cases.",
            self.left,
        )
        return [words % {"n": self.left}]


KINDS = []


def can_be_held(position):
    """Register a class with `held(person, reader, now)`: a Held; and, unless it blocks or stays,
    `pass_on(person, choice, by, now, most)`: a Passed of at most `most`. They are asked in the order of
    `position`: rules before what they route."""

    def register(kind):
        KINDS.append((position, kind()))
        KINDS.sort(key=lambda pair: pair[0])
        return kind

    return register


def held(person, *, reader, now):
    """[Held] of every kind of which `person` has any; its `count` as far as `reader` may know of it. A fixed
    number of queries."""
    found = [kind.held(person, reader, now) for _position, kind in KINDS]
    return [one for one in found if one.number]


def pass_on(person, choice, *, by, now, most):
    """Pass on at most about `most` things of `person`; a Passed."""
    done = Passed()
    for _position, kind in KINDS:
        if hasattr(kind, "pass_on") and done.number < most:
            done.add(kind.pass_on(person, choice, by, now, most - done.number))
    return done
