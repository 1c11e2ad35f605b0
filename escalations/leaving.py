"""What somebody holds on ladders, and where they are named on paths, for the day on which they leave."""

from dataclasses import replace

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from cases import leaving
from cases.leaving import BY_RULES, TO_PERSON, TO_QUEUE, Held, Passed
from cases.models import Case
from cases.operations import passing_on, taking

from . import plan, snapshot
from .models import AskBack, Escalation, EscalationPath, Handoff, Kind, Level, LevelInform, PathVersion
from .operations.holding import carried
from .operations.ladder import Move, move


@leaving.can_be_held(40)
class Escalations:
    """Running ladders that they hold, acknowledged or not."""

    def _rows(self, person):
        return Escalation.objects.running().filter(holder=person)

    def _cases(self, person):
        return Case.objects.filter(pk__in=self._rows(person).values("case"))

    def held(self, person, reader, now):
        rows, cases = self._rows(person), self._cases(person)
        known = rows.filter(case__in=cases.not_kept_from(reader).values("pk"))
        waiting = Handoff.objects.filter(escalation=OuterRef("pk"), state=Handoff.State.WAITING)
        count, unanswered = known.count(), known.filter(Exists(waiting)).count()
        words = _("Escalations they hold (%(n)d of them not acknowledged)") % {"n": unanswered}
        return Held(words, count, passing_on.shown(cases, reader), kept=rows.count() - count)

    def pass_on(self, person, choice, by, now, most):
        stuck = taking.not_given(self._cases(person), choice, by)
        if choice.way == TO_QUEUE:
            stuck = stuck.filter(is_restricted=True)
        elif choice.way == BY_RULES:
            stuck = stuck.none()  # the ladder names who has it next, not whoever passes it on
        able = self._rows(person).exclude(case__in=stuck.values("pk")).order_by("case_id", "pk")
        # Of a case with two ladders the second one's turn is the next slice.
        wanted = sorted(set(able.values_list("case_id", flat=True)[:most]))
        locked = Case.objects.lock_all(wanted)
        meanwhile = set(stuck.filter(pk__in=wanted).values_list("pk", flat=True))
        cases = {case.pk: case for case in locked if case.pk not in meanwhile}
        rows = {}
        for row in self._rows(person).filter(case__in=cases).select_related("version").order_by("-pk"):
            rows[row.case_id] = row
        found = taking.takers(list(cases.values()), choice, by)
        takers = {case.pk: taker for taker, theirs in found for case in theirs}
        if rows:
            self._move(rows, cases, person, choice, takers, now)
        left = self._rows(person).filter(case__in=stuck.values("pk")).count() if len(rows) < most else 0
        gone = [row for row in rows.values() if row.holder_id != person.pk]
        kept = sum(takers[row.case_id] is not choice.to for row in gone)
        return Passed(len(gone), left, kept)

    def _move(self, rows, cases, person, choice, takers, now):
        roster, paths = snapshot.roster(since=now), snapshot.paths({row.version_id for row in rows.values()})
        facts = snapshot.cases(cases[pk] for pk in rows)
        latest = {}
        for handoff in Handoff.objects.filter(escalation__in=rows.values()).order_by("pk"):
            latest[handoff.escalation_id] = handoff
        # Who leaves is asked no more, as a holder's deputy or fallback neither.
        gone = replace(roster.people[person.pk], is_working=False)
        roster = replace(roster, people={**roster.people, person.pk: gone})
        team = passing_on.first_team(person)
        moves = []
        for case_id, row in rows.items():
            case, path = cases[case_id], paths[row.version_id]
            to = takers[case_id]
            step = self._step(row, case, path, facts[case_id], roster, team, choice.way, to, now)
            moves.append(
                Move(
                    case=case,
                    escalation=row,
                    path=path,
                    step=step,
                    told_from=now,
                    reason=choice.reason.strip(),
                    is_automatic=False,
                    from_person_id=person.pk,
                    **(carried(latest[row.pk]) if row.pk in latest else _made_up(choice)),
                )
            )
        move(moves, roster, now=now)

    def _step(self, row, case, path, facts, roster, team, way, to, now):
        """To the person named; to the case's own or the leaver's team; or to whom the ladder asks next."""
        here = plan.Step(row.level_number, is_fallback=row.is_at_fallback)
        if way == TO_PERSON:
            return replace(here, person_id=to.pk)
        team_id = None if case.is_restricted else case.team_id or (team and team.pk)
        if way == TO_QUEUE and team_id is not None:
            to_team = replace(here, team_id=team_id, asked=plan.asked_of(team_id, facts, roster, now))
            if plan.told(to_team, facts, roster, now):
                return to_team  # of an empty team nobody would ever hear of it
        if way == TO_QUEUE and to.pk not in facts.subjects:
            return replace(here, person_id=to.pk)
        step = plan.climb(path, row.level_number, facts, roster, now)
        is_anybody_there = step.team_id is not None or roster.people[step.person_id].is_working
        if not is_anybody_there and not case.is_restricted and to.pk not in facts.subjects:
            return replace(step, person_id=to.pk)  # nobody else is there at all
        return step


def _made_up(choice):
    """A ladder without a handoff has nothing to carry on: the reason stands for all of it."""
    words = choice.reason.strip()
    return {"kind": Kind.HIERARCHICAL, "background": words, "tried": words, "next_steps": words}


@leaving.can_be_held(45)
class Questions:
    """Questions about a handoff that wait for their answer."""

    def _rows(self, person):
        return AskBack.objects.open().filter(asked_of=person)

    def _cases(self, person):
        return Case.objects.filter(pk__in=self._rows(person).order_by().values("handoff__escalation__case"))

    def held(self, person, reader, now):
        rows, cases = self._rows(person), self._cases(person)
        count = rows.filter(handoff__escalation__case__in=cases.not_kept_from(reader).values("pk")).count()
        words = _("Questions they were asked about a handoff")
        return Held(words, count, passing_on.shown(cases, reader), kept=rows.count() - count)

    def pass_on(self, person, choice, by, now, most):
        """Whoever asked is not asked their own question. Who is asked of a restricted case sees it."""
        stuck = taking.not_given(self._cases(person), choice, by)
        apart = taking.kept(self._cases(person), choice, by)
        kept = Q(handoff__escalation__case__in=apart.values("pk"))
        own = (Q(asked_by=choice.to) & ~kept) | (Q(asked_by=choice.kept_to) & kept)
        unfit = own | Q(handoff__escalation__case__in=stuck.values("pk"))
        able = self._rows(person).exclude(unfit).order_by("handoff__escalation__case", "pk")
        wanted = sorted(set(able.values_list("handoff__escalation__case", flat=True)[:most]))
        locked = Case.objects.lock_all(wanted)
        meanwhile = set(stuck.filter(pk__in=wanted).values_list("pk", flat=True))
        cases = [case for case in locked if case.pk not in meanwhile]
        done = Passed()
        for taker, theirs in taking.takers(cases, choice, by):
            rows = self._rows(person).filter(handoff__escalation__case__in=theirs).exclude(asked_by=taker)
            ids = list(rows.values_list("pk", flat=True))
            number = AskBack.objects.filter(pk__in=ids).update(asked_of=taker)
            taking.let_in(theirs, taker, choice, by, now)
            done.add(Passed(number, kept=0 if taker is choice.to else number))
        if done.number < most:
            done.left = self._rows(person).filter(unfit).count()
        return done


def _named_in(person):
    return Q(fallback=person) | Exists(Level.objects.filter(version=OuterRef("pk"), person=person))


@leaving.can_be_held(95)
class Drafts:
    """Drafts of paths that name them: these may still be written."""

    def _versions(self, person):
        informs = LevelInform.objects.filter(level__version=OuterRef("pk"), person=person)
        return PathVersion.objects.filter(_named_in(person) | Exists(informs), published_at=None)

    def held(self, person, reader, now):
        rows = self._versions(person).select_related("path").order_by("path__name", "number")
        return Held(_("Drafts of paths that name them"), rows.count(), passing_on.some(rows))

    def pass_on(self, person, choice, by, now, most):
        drafts = list(self._versions(person).values_list("pk", flat=True))
        Level.objects.filter(version__in=drafts, person=person).update(person=choice.to)
        PathVersion.objects.filter(pk__in=drafts, fallback=person).update(fallback=choice.to)
        informs = LevelInform.objects.filter(level__version__in=drafts, person=person)
        informs.filter(level__informs__person=choice.to).delete()
        LevelInform.objects.filter(level__version__in=drafts, person=person).update(person=choice.to)
        return Passed(len(drafts))


@leaving.can_be_held(96)
class Paths:
    """What is published never changes: another version names somebody else before they may leave."""

    def _versions(self, person, now):
        in_force = EscalationPath.objects.filter(is_active=True).version_in_force(now)
        serving = Q(pk__in=[version.pk for version in in_force.values()]) | Q(
            published_at__isnull=False, effective_at__gt=now, path__is_active=True
        )
        return PathVersion.objects.filter(serving, _named_in(person))

    def held(self, person, reader, now):
        rows = self._versions(person, now).select_related("path").order_by("path__name", "number")
        mend = _("Begin a draft from each, name somebody else, and publish it; then they can leave.")
        return Held(
            _("Paths in force or planned that name them"),
            rows.count(),
            passing_on.some(rows),
            blocks=True,
            mend=mend,
        )
