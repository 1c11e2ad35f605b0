"""Who is named on a case, and whether it exists for them alone."""

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as now_in_words
from django.utils.translation import gettext_lazy as _

from cases import forms
from cases.models import Case, Party
from cases.operations import parties
from cases.views.actions import Action


class Naming(Action):
    asks, icon = "case.restrict", "lock"

    def leads_to(self, case):
        """Who is kept from the case by what they did is led away from it."""
        if Case.objects.findable(self.request.user).filter(pk=case.pk).exists():
            return super().leads_to(case)
        return reverse("case-list")


class Restrict(Naming):
    form_class = forms.RestrictForm
    title, word, done = _("Restrict the case"), _("Restrict it"), _("The case is restricted.")
    means = (
        _("It exists only for those named on it: you and its owner at first, and whoever you name then."),
        _("Whoever holds its escalation sees it as long as they hold it; auditors do, and it is recorded."),
        _("To everybody else there is no such case, in lists, searches and notices."),
    )

    def operate(self, case, said, *, by, now):
        parties.restrict(case=case, reason=said["reason"], revision=said["revision"], by=by, now=now)


class OpenUp(Naming):
    title, word, done = _("Open it to its team"), _("Open it"), _("The case is open to its team.")
    means = (
        _("Its team, and whoever may find cases, see it again, with all that was said on it."),
        _("Who was named stays named; whom it complains about still sees nothing of it."),
    )

    def operate(self, case, said, *, by, now):
        parties.open_up(case=case, reason=said["reason"], revision=said["revision"], by=by, now=now)


class Name(Naming):
    form_class, icon = forms.PartyForm, "users"
    title, word, done = _("Name somebody"), _("Name them"), _("They are named on the case.")
    means = (
        _("With access, they see the case also where it is restricted, and are told so."),
        _("The subject of the complaint sees nothing of it from now on, and never holds or decides it."),
    )

    def starts_with(self, case, now):
        return {"kind": Party.Kind.ACCESS}

    def operate(self, case, said, *, by, now):
        parties.name(case=case, by=by, now=now, **said)


class Strike(Naming):
    icon = "undo"
    title, word, done = _("Not named any more"), _("Take the name off"), _("They are not named any more.")

    def look_up(self, case):
        named = Party.objects.exclude(kind=Party.Kind.FORMER).select_related("person")
        self.party = named.filter(case=case, pk=self.kwargs["party"]).first()
        if self.party is None:
            raise Http404
        self.party.case = case

    def more(self, case):
        words = {"who": self.party.person, "kind": self.party.get_kind_display(), "why": self.party.reason}
        what = {
            Party.Kind.ACCESS: _("Where the case is restricted, they do not see it any more."),
            Party.Kind.SUBJECT: _("They see the case like everybody else of their role, and may hold it."),
        }[self.party.kind]
        return {"means": (now_in_words("%(who)s, %(kind)s: “%(why)s”") % words, what)}

    def operate(self, case, said, *, by, now):
        parties.strike(party=self.party, reason=said["reason"], revision=said["revision"], by=by, now=now)
