"""Regulatory packs as their list shows them: what laws promise, what of it is on, what is to be confirmed."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import law_words
from cases.models import PackConfirmation, PackVersion
from cases.operations import packs
from cases.packs import Fact
from cases.packs import packs as known_packs


@dataclass(frozen=True)
class ShownTerm:
    """A Fact as the list shows it."""

    fact: Fact
    confirmation: PackConfirmation | None
    is_on: bool
    is_too_wide: bool = False  # on for all cases, though it is not for every case

    @property
    def promise(self):
        return law_words.promise(self.fact)

    @property
    def watched(self):
        return law_words.watched(self.fact)

    @property
    def counting(self):
        return law_words.counting(self.fact.term("UTC")) if self.fact.counts_days else ""

    @property
    def certainty(self):
        return law_words.certainty(self.fact.certainty)

    @property
    def is_open(self):
        """Whether somebody still has to confirm it."""
        return not self.fact.is_certain and self.confirmation is None


@dataclass(frozen=True)
class ShownPack:
    pack: object
    version: PackVersion | None
    planned: PackVersion | None
    terms: list

    @property
    def is_on(self):
        return self.version is not None and bool(self.version.terms.all())

    @property
    def to_confirm(self):
        number = sum(term.is_open for term in self.terms)
        words = ngettext("%(n)d term to be confirmed", "%(n)d terms to be confirmed", number)
        return words % {"n": number} if number else ""

    @property
    def since(self):
        """Since when and by which calendar, and what is planned."""
        said = []
        if self.is_on:
            words = {"when": _moment(self.version.effective_at), "calendar": self.version.calendar}
            said.append(_("since %(when)s, calendar %(calendar)s") % words)
        if self.planned:
            words = _("from %(when)s on") if self.planned.terms.all() else _("off from %(when)s on")
            said.append(words % {"when": _moment(self.planned.effective_at)})
        return "; ".join(said)


def _shown(fact, confirmation, on):
    """`on`: the PackTerms in force of its pack."""
    mine = [term for term in on if term.key == fact.key]
    wide = fact.narrow and any(term.category_id is None and term.customer_id is None for term in mine)
    return ShownTerm(fact, confirmation, bool(mine), wide)


def _moment(at):
    return date_format(timezone.localtime(at), "j M Y, H:i")


def shown_packs(now):
    """Every pack with what is on of it: three questions, however many there are."""
    confirmed = packs.confirmations()
    versions = list(
        PackVersion.objects.published()
        .select_related("calendar")
        .prefetch_related("terms")
        .order_by("effective_at", "number")
    )
    in_force = {version.pack: version for version in versions if version.effective_at <= now}
    planned = {version.pack: version for version in versions if version.effective_at > now}
    found = []
    for pack in known_packs().values():
        version = in_force.get(pack.key)
        on = list(version.terms.all()) if version else ()
        terms = [_shown(fact, confirmed.get((fact.key, fact.says)), on) for fact in pack.terms]
        found.append(ShownPack(pack, version, planned.get(pack.key), terms))
    return sorted(found, key=lambda shown: not shown.is_on)
