"""What somebody who is given turns of duty has at the same times: turns of their own, and absences.

An absence, and a turn of the same roster, are in the way; two rosters at once are not, and are said. Whoever
gives a turn away asks this, by hand or at leaving, on a page or in the API.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from cases import display
from cases.models import Absence, Duty, Person


@dataclass(frozen=True)
class Clash:
    """[starts_at, ends_at), in which `person` would have `turn` and has `other` (a Duty), or is away by
    `absence`."""

    turn: Duty
    person: Person
    starts_at: datetime
    ends_at: datetime
    other: Duty | None = None
    absence: Absence | None = None

    @property
    def is_in_the_way(self):
        return self.absence is not None or self.other.skill_id == self.turn.skill_id

    @property
    def key(self):
        """What it is about, of whoever has seen it."""
        return f"{self.person.pk}.{self.turn.pk}.{int(self.is_in_the_way)}"

    def sentence(self, *, is_known=True):
        """In the reader's zone. `is_known`: whether what the person has then is for the reader to know."""
        words = {
            "who": self.person,
            "turn": f"{self.turn.skill}, {display.stretch(self.turn.starts_at, self.turn.ends_at)}",
            "when": display.stretch(self.starts_at, self.ends_at),
            "skill": self.other.skill if self.other is not None else "",
        }
        if not is_known and self.is_in_the_way:
            return _("%(turn)s: %(who)s cannot take it then.") % words
        if self.absence is not None:
            away = {"away": display.stretch(self.absence.starts_at, self.absence.ends_at)}
            return _("%(turn)s: %(who)s is away, %(away)s.") % (words | away)
        if self.is_in_the_way:
            return _("%(turn)s: %(who)s has a turn of this roster already, %(when)s.") % words
        if not is_known:
            return _("%(turn)s: %(who)s is on duty for something else too.") % words
        return _("%(turn)s: %(who)s is on duty for %(skill)s too, %(when)s.") % words


def in_outline(found):
    """[Clash] of `found` for who may not know what the person has then: one of each turn, of its times."""
    outline = {}
    for clash in found:
        if clash.turn not in outline or clash.is_in_the_way:
            times = {"starts_at": clash.turn.starts_at, "ends_at": clash.turn.ends_at}
            outline[clash.turn] = replace(clash, **times)
    return list(outline.values())


def of(turns, person, *, now, but=()):
    """[Clash] of `turns` (Duty, their skills loaded) with what `person` has from `now` on, in the order of
    the turns, absences first; `but`: turns of theirs that go. Two queries, however many turns."""
    turns = sorted((turn for turn in turns if turn.ends_at > now), key=lambda turn: (turn.starts_at, turn.pk))
    if not turns:
        return []
    since, until = max(turns[0].starts_at, now), max(turn.ends_at for turn in turns)
    among = {"person": person, "starts_at__lt": until, "ends_at__gt": since}
    absences = list(Absence.objects.filter(**among).order_by("starts_at", "pk"))
    going = [row.pk for row in (*turns, *but) if row is not None and row.pk is not None]
    others = list(
        Duty.objects.filter(**among).exclude(pk__in=going).select_related("skill").order_by("starts_at", "pk")
    )
    found = []
    for turn in turns:
        for name, rows in (("absence", absences), ("other", others)):
            for row in rows:
                start, end = max(turn.starts_at, row.starts_at, now), min(turn.ends_at, row.ends_at)
                if start < end:
                    found.append(Clash(turn, person, start, end, **{name: row}))
    return found
