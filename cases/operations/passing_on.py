"""What somebody holds in cases, rosters and rules, and how it is passed on as a set."""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import clashes, leaving, roles
from cases.errors import Refused
from cases.leaving import BY_RULES, EXAMPLES, TO_PERSON, Held, Passed
from cases.models import (
    Absence,
    Case,
    Customer,
    Duty,
    DutyPattern,
    IntakeRule,
    Membership,
    Party,
    Person,
    PersonPreference,
    Promise,
    SavedView,
)
from cases.sets import add_each, update_each
from cases.states import CaseStatus

from . import duties, intake, routing, standing, taking, turn_news

# By the rules each case is an operation of its own.
RULES_AT_ONCE = 50
NOT_CLOSED = [status for status in CaseStatus if status != CaseStatus.CLOSED]


def first_team(person):
    return person.teams.filter(is_active=True).order_by("memberships__position", "pk").first()


def shown(cases, reader):
    """A few of `cases` for `reader`: what is kept from them has no name here."""
    return some(cases.filter(pk__in=Case.objects.findable(reader).values("pk")).order_by("pk"))


def some(rows):
    return list(rows[:EXAMPLES])


@leaving.can_be_held(10)
class Rules:
    """Intake rules that name them, or the customers they look after."""

    def _rows(self, person):
        mine = Q(owner=person) | Q(account_manager=person)
        return IntakeRule.objects.filter(mine, is_active=True).select_related("team")

    def held(self, person, reader, now):
        rows = self._rows(person).order_by("position", "pk")
        return Held(_("Intake rules that name them"), rows.count(), some(rows))

    def pass_on(self, person, choice, by, now, most):
        rows = list(self._rows(person).select_for_update(of=("self",)))
        for row in rows:
            row.owner_id = choice.to.pk if row.owner_id == person.pk else row.owner_id
            if row.account_manager_id == person.pk:
                row.account_manager_id = choice.to.pk
        update_each(rows, ["owner", "account_manager"])
        return Passed(len(rows))


@leaving.can_be_held(20)
class Accounts:
    def held(self, person, reader, now):
        rows = Customer.objects.filter(account_manager=person).order_by("pk")
        return Held(_("Customers they are account manager of"), rows.count(), some(rows))

    def pass_on(self, person, choice, by, now, most):
        ids = list(Customer.objects.filter(account_manager=person).values_list("pk", flat=True)[:most])
        return Passed(Customer.objects.filter(pk__in=ids).update(account_manager=choice.to))


@leaving.can_be_held(30)
class Cases:
    """What they own and is not closed: a resolved case may be opened again, and is somebody's then."""

    def _rows(self, person):
        return Case.objects.filter(owner=person).exclude(status=CaseStatus.CLOSED)

    def held(self, person, reader, now):
        rows = self._rows(person)
        known = rows.not_kept_from(reader)
        count, restricted = known.count(), known.filter(is_restricted=True).count()
        words = _("Cases they own that are not closed")
        mend = ngettext(
            "%(n)d of them is restricted: it goes to the person named below, who is let in.",
            "%(n)d of them are restricted: they go to the person named below, who is let in.",
            restricted,
        )
        mend = mend % {"n": restricted} if restricted else ""
        return Held(words, count, shown(rows, reader), mend=mend, kept=rows.count() - count)

    def pass_on(self, person, choice, by, now, most):
        most = min(most, RULES_AT_ONCE) if choice.way == BY_RULES else most
        stuck = taking.not_given(self._rows(person), choice, by)
        if choice.way != TO_PERSON:
            stuck = stuck.filter(is_restricted=True)
        able = self._rows(person).exclude(pk__in=stuck.values("pk")).order_by("pk")
        ids = list(able.values_list("pk", flat=True)[:most])
        locked = Case.objects.lock_all(ids)
        meanwhile = set(stuck.filter(pk__in=ids).values_list("pk", flat=True))
        cases = [case for case in locked if case.owner_id == person.pk and case.pk not in meanwhile]
        by_name = [case for case in cases if choice.way == TO_PERSON or case.is_restricted]
        rest = [case for case in cases if case not in by_name]
        apart = 0
        with standing.at_the_end(now=now):
            for taker, theirs in taking.takers(by_name, choice, by):
                self._give(theirs, taker, person, now)
                taking.let_in(theirs, taker, choice, by, now)
                apart += 0 if taker is choice.to else len(theirs)
            if choice.way == BY_RULES:
                self._route(rest, choice, person, by, now)
            else:
                self._give(rest, None, person, now)
        number = sum(case.owner_id != person.pk for case in cases)
        return Passed(number, stuck.count() if len(ids) < most else 0, apart)

    def _give(self, cases, owner, person, now):
        """Owner alone, as a set; a case without a team comes to the leaver's own, or nobody would see it."""
        if not cases:
            return
        team = first_team(person)
        for case in cases:
            case.owner_id = owner.pk if owner else None
            if owner is None and case.team_id is None and team is not None:
                case.team_id = team.pk
            case.revision += 1
            case.changed_at = now
        update_each(cases, ["owner", "team", "revision", "changed_at"])
        standing.refresh(cases, now=now)

    def _route(self, cases, choice, person, by, now):
        """As the intake rules say now; what matches none stays with its team, without an owner."""
        customers = Case.objects.select_related("customer").in_bulk([case.pk for case in cases])
        for case in cases:
            probe = customers[case.pk]
            probe.owner = None
            intake.route(probe, but=person)
            said = {"case": case, "reason": choice.reason, "by": by, "now": now, "team": probe.team}
            try:
                routing.assign(owner=probe.owner, **said)
            except Refused:  # whom the complaint names
                routing.assign(owner=None, **said)


@leaving.can_be_held(35)
class NamedAlone:
    """Restricted cases that would exist for nobody any more: nobody else who works here is named on them."""

    def _rows(self, person):
        named = Party.objects.filter(case=OuterRef("pk"), kind=Party.Kind.ACCESS)
        others = named.filter(person__in=Person.objects.working()).exclude(person=person)
        theirs = Case.objects.filter(Exists(named.filter(person=person)), is_restricted=True)
        return theirs.exclude(owner=person, status__in=NOT_CLOSED).filter(~Exists(others))

    def held(self, person, reader, now):
        rows = self._rows(person)
        count = rows.not_kept_from(reader).count()
        words = _("Restricted cases on which nobody else is named")
        return Held(words, count, shown(rows, reader), kept=rows.count() - count)

    def pass_on(self, person, choice, by, now, most):
        stuck = taking.not_given(self._rows(person), choice, by)
        able = self._rows(person).exclude(pk__in=stuck.values("pk")).order_by("pk")
        locked = Case.objects.lock_all(list(able.values_list("pk", flat=True)[:most]))
        rows = self._rows(person).filter(pk__in=[case.pk for case in locked])
        still = set(rows.exclude(pk__in=stuck.values("pk")).values_list("pk", flat=True))
        cases = [case for case in locked if case.pk in still]
        apart = 0
        for taker, theirs in taking.takers(cases, choice, by):
            taking.let_in(theirs, taker, choice, by, now)
            apart += 0 if taker is choice.to else len(theirs)
        return Passed(len(cases), stuck.count() if len(cases) < most else 0, apart)


@leaving.can_be_held(50)
class Promises:
    """Dates told to customers that are still owed; whoever made them stays on record."""

    def _rows(self, person):
        theirs = Q(kept_by=person) | Q(kept_by=None, made_by=person)
        owed = Q(state=Promise.State.OPEN) | Q(state=Promise.State.BROKEN, replaced_by=None)
        return Promise.objects.filter(theirs, owed).exclude(case__status=CaseStatus.CLOSED)

    def _cases(self, person):
        return Case.objects.filter(pk__in=self._rows(person).values("case"))

    def held(self, person, reader, now):
        rows, cases = self._rows(person), self._cases(person)
        count = rows.filter(case__in=cases.not_kept_from(reader).values("pk")).count()
        words = _("Promises to customers that they see to")
        return Held(words, count, shown(cases, reader), kept=rows.count() - count)

    def pass_on(self, person, choice, by, now, most):
        stuck = taking.not_given(self._cases(person), choice, by)
        able = self._rows(person).exclude(case__in=stuck.values("pk")).order_by("case_id")
        ids = sorted(set(able.values_list("case_id", flat=True)[:most]))
        locked = Case.objects.lock_all(ids)
        meanwhile = set(stuck.filter(pk__in=ids).values_list("pk", flat=True))
        cases = [case for case in locked if case.pk not in meanwhile]
        done = Passed()
        for taker, theirs in taking.takers(cases, choice, by):
            rows = self._rows(person).filter(case__in=[case.pk for case in theirs])
            ids = list(rows.values_list("pk", flat=True))
            number = Promise.objects.filter(pk__in=ids).update(kept_by=taker)
            taking.let_in(theirs, taker, choice, by, now)
            done.add(Passed(number, kept=0 if taker is choice.to else number))
        standing.refresh(cases, now=now)
        if done.number < most:
            done.left = self._rows(person).filter(case__in=stuck.values("pk")).count()
        return done


@leaving.can_be_held(60)
class Turns:
    """Turns of duty to come or running, and the patterns that would write more."""

    def held(self, person, reader, now):
        turns, patterns = turns_of(person, now), patterns_of(person, now)
        rows = [*turns.order_by("starts_at")[:EXAMPLES]]
        return Held(_("Turns of duty, and patterns of them"), turns.count() + patterns.count(), some(rows))

    def pass_on(self, person, choice, by, now, most):
        """What the taker cannot have stays, until somebody else is named or it is taken out of the roster."""
        patterns = list(patterns_of(person, now).select_for_update(of=("self",)))
        turns = list(turns_of(person, now).select_for_update(of=("self",)).order_by("pk"))
        if not patterns and not turns:
            return Passed()
        duties.hold_still(choice.to)
        in_the_way = [c for c in clashes.of(turns, choice.to, now=now) if c.is_in_the_way]
        stuck, kept = {c.turn.pk for c in in_the_way}, _patterns_in_the_way(in_the_way)
        passed = self._patterns([row for row in patterns if row.pk not in kept], choice.to)
        free = [turn for turn in turns if turn.pk not in stuck]
        passed += self._turns(free[:most], choice.to, by, now)
        return Passed(passed, len(stuck) + len(kept) if len(free) <= most else 0)

    def _patterns(self, patterns, to):
        for pattern in patterns:
            pattern.person_id = to.pk
        update_each(patterns, ["person"])
        return len(patterns)

    def _turns(self, turns, to, by, now):
        before = turn_news.spans(turns, now)
        running = [turn for turn in turns if turn.starts_at < now]
        rest = [duties.rest_of(turn, to, now) for turn in running]
        for turn in turns:
            if turn.starts_at >= now:
                turn.person_id, turn.instead_of_id = to.pk, None
        update_each(turns, ["person", "instead_of", "ends_at"])
        add_each(rest)
        # Whoever leaves reads no notice any more.
        mine = {span for span in turn_news.spans([*turns, *rest], now) - before if span[1] == to.pk}
        turn_news.tell(set(), mine, by=by, now=now)
        return len(turns)


def patterns_of(person, now):
    """The patterns of `person` that would write more turns."""
    over = Q(last_on__lt=now.date())
    return DutyPattern.objects.filter(person=person).exclude(over).select_related("skill", "person")


def turns_of(person, now):
    """The turns of `person` that are not over."""
    return Duty.objects.filter(person=person, ends_at__gt=now).select_related("skill", "person")


def _patterns_in_the_way(found):
    """The ids of patterns that would give their taker turns of a roster twice, again and again: a pattern of
    their own gives them already. A single turn or an absence in the way keeps no pattern back."""
    return {
        c.turn.pattern_id
        for c in found
        if c.turn.pattern_id and c.other is not None and c.other.pattern_id and c.other.instead_of_id is None
    }


def clashes_of_turns(person, to, *, now):
    """[Clash] of the turns that `person` has to come with what `to` has at those times: what is in the way
    stays with `person`, the rest is passed on. Three queries."""
    return clashes.of(turns_of(person, now), to, now=now)


@leaving.can_be_held(70)
class Reports:
    def held(self, person, reader, now):
        rows = Person.objects.working().filter(manager=person).order_by("name")
        return Held(_("People they manage"), rows.count(), some(rows))

    def pass_on(self, person, choice, by, now, most):
        """Whoever takes them is no longer below who leaves, or they would be above themself in the end."""
        rows = Person.objects.working().filter(manager=person)
        done = 0
        if person.pk in _all_above(choice.to):
            above = person.manager_id if person.manager_id != choice.to.pk else None
            done += Person.objects.filter(pk=choice.to.pk).update(manager=above)
        return Passed(done + rows.exclude(pk=choice.to.pk).update(manager=choice.to))


def _all_above(person):
    """The ids of who manages `person`, and of who manages those, as far up as it goes."""
    managers = dict(Person.objects.exclude(manager=None).values_list("pk", "manager"))
    found, at = set(), managers.get(person.pk)
    while at is not None and at not in found:
        found.add(at)
        at = managers.get(at)
    return found


@leaving.can_be_held(80)
class Deputising:
    """Absences and quiet hours in which they stand in for somebody."""

    def _absences(self, person, now):
        return Absence.objects.not_over(now).filter(deputy=person)

    def held(self, person, reader, now):
        absences = self._absences(person, now).select_related("person").order_by("starts_at")
        quiet = PersonPreference.objects.filter(quiet_deputy=person, person__is_active=True)
        return Held(
            _("Absences and quiet hours they stand in for"), absences.count() + quiet.count(), some(absences)
        )

    def pass_on(self, person, choice, by, now, most):
        absences = self._absences(person, now)
        quiet = PersonPreference.objects.filter(quiet_deputy=person)
        done = 0
        for rows, name in ((absences, "deputy"), (quiet, "quiet_deputy")):
            # Nobody stands in for themself.
            done += rows.filter(person=choice.to).update(**{name: None})
            done += rows.exclude(person=choice.to).update(**{name: choice.to})
        return Passed(done)


@leaving.can_be_held(90)
class SharedViews:
    """Views of the queue that they keep for a team."""

    def held(self, person, reader, now):
        rows = SavedView.objects.filter(person=person, team__isnull=False).order_by("name")
        return Held(_("Saved views they share with a team"), rows.count(), some(rows))

    def pass_on(self, person, choice, by, now, most):
        rows = list(SavedView.objects.filter(person=person, team__isnull=False))
        taken = set(SavedView.objects.filter(person=choice.to).values_list("name", flat=True))
        for row in rows:
            row.person_id = choice.to.pk
            if row.name in taken:
                row.name = f"{row.name[:40]} ({person.username[:17]})"
        update_each(rows, ["person", "name"])
        return Passed(len(rows))


@leaving.can_be_held(100)
class Leads:
    """Who leads a team next is chosen by name; until then it is the team above's, and nobody is kept here by
    it."""

    def held(self, person, reader, now):
        rows = alone_led(person)
        examples = [row.team for row in some(rows)]
        mend = _("Name another lead; until then whoever leads the team above answers for it.")
        return Held(_("Teams they alone lead"), rows.count(), examples, stays=True, mend=mend)

    def pass_on(self, person, choice, by, now, most):
        done = 0
        for row in alone_led(person).filter(team__in=choice.leads):
            next_one = Membership.objects.filter(team=row.team_id, person=choice.leads[row.team_id])
            done += next_one.update(is_lead=True)
        return Passed(done)


def alone_led(person):
    """The memberships by which `person` is the only one here who leads an active team, by its name."""
    rows = Membership.objects.filter(person=person, is_lead=True, team__is_active=True)
    others = Membership.objects.filter(is_lead=True, person__is_active=True).exclude(person=person)
    return rows.exclude(team__in=others.values("team")).select_related("team").order_by("team__name")


def could_lead(team, but):
    """Who of the people of `team` could lead it, beside `but`, by name."""
    able = Person.objects.working().filter(role__in=roles.who_may("escalation.hold"))
    return able.filter(memberships__team=team).exclude(pk=but.pk).order_by("name")
