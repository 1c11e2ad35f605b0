"""Settling a case by an option, lowest first: before anybody else is asked, or to step down."""

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Channel, Standing
from cases.views.delivery import why_it_stays
from cases.views.finding import find
from escalations import forms, snapshot, wording
from escalations.operations import options, respond
from escalations.words import euros

from .sheets import OfHandoff, Sheet


class Deescalate(OfHandoff):
    form_class, icon = forms.DeescalateForm, "undo"
    title, word = gettext_lazy("De-escalate"), gettext_lazy("De-escalate")
    means = (
        gettext_lazy("Clocks keep running; whoever has the case then is told."),
        gettext_lazy("Back with its owner, the same rule does not start this path again for a day."),
    )

    def rungs(self, case, handoff):
        return options.offered(case, handoff.escalation, self.request.user)

    def form(self, case, handoff, data=None):
        return self.form_class(
            data,
            case=case,
            options=[rung.option for rung in self.rungs(case, handoff)],
            destinations=destinations(case, handoff.escalation),
        )

    def more(self, case, handoff):
        limit = options.limit_of(self.request.user, handoff.escalation)
        return {
            "handoff": handoff,
            "rungs": self.rungs(case, handoff),
            "limit": euros(limit) if limit else "",
        }

    def operate(self, case, handoff, said, *, by, now):
        level = said.get("to") or "owner"
        escalation = respond.deescalate(
            escalation=handoff.escalation,
            reason=said["reason"],
            option=said.get("option"),
            outcome=said.get("outcome") or options.Outcome.ACCEPTED,
            amount=said.get("amount"),
            skipped_because=said.get("skipped_because", ""),
            to_level=None if level == "owner" else int(level),
            next_steps=said.get("next_steps", ""),
            revision=said["revision"],
            by=by,
            now=now,
        )
        return level, escalation

    def said(self, case, done):
        level, _escalation = done
        standing = Standing.objects.select_related("holder", "holder_team").get(pk=case.pk)
        if level != "owner":
            who = standing.holder or standing.holder_team
            return _("Level %(level)d has it now: %(who)s.") % {"level": int(level), "who": who}
        return _("%(who)s has the case now; its clocks keep running.") % {"who": owner_words(case)}


def owner_words(case):
    """Who has a case that is on no ladder."""
    return str(case.owner or case.team or _("Nobody yet"))


def destinations(case, escalation):
    """[(value, words)]: back to its owner, or down to a lower level of the path."""
    path = snapshot.paths([escalation.version_id])[escalation.version_id]
    top = path.top + 1 if escalation.is_at_fallback else escalation.level_number
    lower = [level for level in path.levels if level.number < top]
    return [("owner", _("Its owner: %(who)s") % {"who": owner_words(case)})] + [
        (
            str(level.number),
            _("Level %(level)d: %(name)s") % {"level": level.number, "name": level.name},
        )
        for level in reversed(lower)
    ]


class TryOption(Sheet):
    """One option, tried on the customer before anybody else is asked, or by who holds the case."""

    form_class, icon = forms.OptionForm, "scales"
    template = "escalations/option.html"
    title, word = gettext_lazy("Try an option"), gettext_lazy("Record it")

    def subject(self, request, number, option):
        case = find(request.user, number, "case.work")
        escalation = options.running_of(case)
        rungs = options.offered(case, escalation, request.user)
        for place, rung in enumerate(rungs):
            if rung.option.pk == option:
                below = [r.option for r in rungs[:place] if not r.is_behind]
                return case, (rung, below, escalation)
        raise Http404

    def form(self, case, subject, data=None):
        rung, below, _escalation = subject
        form_initial = {
            "reply": wording.of_option(case, rung.option, by=self.request.user),
            "channel": case.channel if case.channel != Channel.PHONE else Channel.MAIL,
        }
        return self.form_class(data, case=case, option=rung.option, below=below, initial=form_initial)

    def operate(self, case, subject, said, *, by, now):
        rung, _below, _escalation = subject
        is_sent = said["outcome"] == options.Outcome.OFFERED and said["reply"].strip()
        self.word_by = said["channel"] if is_sent else ""
        return options.use(
            case=case,
            option=rung.option,
            outcome=said["outcome"],
            amount=said.get("amount"),
            note=said["note"],
            skipped_because=said["skipped_because"],
            reply=said["reply"] if said["outcome"] == options.Outcome.OFFERED else "",
            channel=said["channel"],
            revision=said["revision"],
            by=by,
            now=now,
        )

    def said(self, case, use):
        stays = why_it_stays(case, self.word_by) if self.word_by else ""
        return f"{wording.of_use(use)} {stays}".strip()

    def more(self, case, subject):
        rung, below, escalation = subject
        limit = options.limit_of(self.request.user, escalation)
        ceiling = rung.option.amount_ceiling
        return {
            "option": rung.option,
            "word_language": wording.language_of(case),
            "last": rung.last,
            "below": below,
            "limit": euros(min(limit, ceiling) if ceiling is not None else limit)
            if rung.option.may_cost
            else "",
        }
