"""Turn regulatory packs on and off for cases received from an instant on, and confirm what is not certain."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import history, law_words
from cases.errors import (
    AlreadyKnown,
    Incomplete,
    InThePast,
    NoOpenHour,
    NotTheirs,
    Refused,
    TooWide,
    WrongMove,
)
from cases.models import Calendar, Category, Customer, PackConfirmation, PackTerm, PackVersion
from cases.packs import facts, packs
from cases.roles import may


@dataclass(frozen=True)
class Chosen:
    """One term of a pack to turn on: for all cases, or those of a category, of a customer, or of both."""

    key: str
    category: Category | None = None
    customer: Customer | None = None

    @property
    def is_for_all(self):
        return self.category is None and self.customer is None


def turn_on(*, pack, calendar, chosen, by, now, effective_at=None, reason=""):
    """The `chosen` terms of `pack` (its key) hold for cases received from `effective_at` (else `now`) on;
    whatever was on before is replaced. Open cases keep the clocks they have.

    `calendar`: the one whose open days are the business days that the law counts. Raises NotTheirs,
    Incomplete for nothing chosen, Refused for a term that is no clock or not of this pack, TooWide for a
    narrow one turned on for all cases, NoOpenHour for a calendar that is not published, InThePast.
    """
    _require_publisher(by)
    about = _pack(pack)
    chosen = list(dict.fromkeys(chosen))
    if not chosen:
        raise Incomplete(_("Choose at least one term; to let none hold, turn the pack off."))
    for row in chosen:
        _require_clock(about, row.key)
    if wide := [about.fact(row.key) for row in chosen if row.is_for_all and about.fact(row.key).narrow]:
        raise TooWide([too_wide(fact) for fact in wide])
    with history.acting(by=by, reason=reason or _("regulatory pack turned on"), now=now):
        calendar = Calendar.objects.get(pk=calendar.pk)
        if calendar.revision is None:
            raise NoOpenHour(
                _("The calendar “%(calendar)s” is not published yet; publish it first.")
                % {"calendar": calendar}
            )
        return _publish(about.key, calendar, chosen, by, now, effective_at, reason)


def turn_off(*, pack, by, now, effective_at=None, reason=""):
    """Nothing of `pack` (its key) holds for cases received from `effective_at` (else `now`) on.

    Open cases keep the clocks they have: what was owed stays owed. Raises NotTheirs, WrongMove where it is
    off, InThePast.
    """
    _require_publisher(by)
    _pack(pack)
    with history.acting(by=by, reason=reason or _("regulatory pack turned off"), now=now):
        newest = _newest(pack)
        if newest is None or not newest.terms.exists():
            raise WrongMove(_("It is off already."))
        return _publish(pack, newest.calendar, (), by, now, effective_at, reason)


def confirm(*, key, note, by, now, reason=""):
    """`by` answers by name for what the term `key` says today: a PackConfirmation.

    Raises NotTheirs, Incomplete without a `note` on how it was checked, WrongMove for what was read in the
    law, AlreadyKnown for what somebody confirmed before.
    """
    _require_publisher(by)
    fact = facts().get(key)
    if fact is None:
        raise Refused(_("There is no such term; choose one of the list."))
    if fact.is_certain:
        raise WrongMove(_("This was read in the law itself; there is nothing to confirm."))
    if not note.strip():
        raise Incomplete(_("Say how you checked it: what you read, and where."))
    with history.acting(by=by, reason=reason or note.strip()[:200], now=now):
        row, is_new = PackConfirmation.objects.get_or_create(
            key=key,
            says=fact.says,
            defaults={"note": note.strip()[:300], "confirmed_at": now, "confirmed_by_id": by.pk},
        )
        if not is_new:
            raise AlreadyKnown(_("%(who)s confirmed this already.") % {"who": row.confirmed_by})
    return row


def too_wide(fact):
    """The sentence that refuses a narrow term for all cases."""
    return _(
        "%(term)s holds only on: %(trigger)s. For all cases it would be owed on every one of them: name the "
        "categories, or the customers, that it is for."
    ) % {"term": fact.source, "trigger": law_words.said(fact.trigger)}


def confirmations():
    """{(key, what it says): PackConfirmation} of all that was confirmed."""
    rows = PackConfirmation.objects.select_related("confirmed_by")
    return {(row.key, row.says): row for row in rows}


def _require_publisher(by):
    if not isinstance(by, history.SystemActor) and not may(by, "rules.publish"):
        raise NotTheirs(_("Only an escalation manager turns regulatory packs on and off, and confirms them."))


def _pack(key):
    if key not in packs():
        raise Refused(_("There is no such pack; choose one of the list."))
    return packs()[key]


def _require_clock(pack, key):
    try:
        fact = pack.fact(key)
    except KeyError:
        raise Refused(_("“%(term)s” is no term of this pack.") % {"term": key}) from None
    if fact.ends_on is None:
        raise Refused(
            _("“%(term)s” is information: the desk cannot see it happen, so no clock runs for it.")
            % {"term": fact.source}
        )


def _newest(pack):
    return (
        PackVersion.objects.published()
        .filter(pack=pack)
        .select_for_update(no_key=True, of=("self",))
        .select_related("calendar")
        .order_by("-number")
        .first()
    )


def _publish(pack, calendar, chosen, by, now, effective_at, reason):
    newest, effective_at = _newest(pack), effective_at or now
    if effective_at < now or (newest is not None and effective_at < newest.effective_at):
        raise InThePast(
            _("What cases received until now are owed cannot be changed; let it begin now or later%(after)s.")
            % {
                "after": _(", after version %(number)d") % {"number": newest.number} if newest else "",
            }
        )
    version = PackVersion.objects.create(
        pack=pack, calendar=calendar, number=newest.number + 1 if newest else 1, note=reason[:200]
    )
    PackTerm.objects.bulk_create(_term(version, row) for row in chosen)
    # Published once it is whole: from then on the database lets none of it change.
    version.effective_at, version.published_at, version.published_by_id = effective_at, now, by.pk
    version.save()
    history.forget()
    return version


def _term(version, row):
    fact = facts()[row.key]
    return PackTerm(
        version=version,
        key=row.key,
        category=row.category,
        customer=row.customer,
        rule=str(fact.term(version.calendar.time_zone)),
        ends_on=fact.ends_on,
        source=fact.source,
        says=fact.says,
        is_certain=fact.is_certain,
    )
