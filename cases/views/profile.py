"""One's own page: who I am to others, how I work, what reaches me, when I am away."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views import View
from django.views.decorators.http import require_POST

from cases import display, forms
from cases.errors import Refused
from cases.models import Absence, Case, Person, PersonPreference, Standing
from cases.operations import absences, profile
from cases.views.others import away_words
from cases.views.queue_rows import Row
from cases.views.talking import REFUSED

# So many absences stand on the page, so many cases beside a form.
SHOWN, HELD = 100, 8


class Me(LoginRequiredMixin, View):
    def get(self, request):
        return self.show(request)

    def post(self, request):
        form = forms.ProfileForm(request.POST)
        if form.is_valid():
            try:
                profile.introduce(by=request.user, now=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                with override(form.cleaned_data["language"]):
                    messages.success(request, _("Your profile is saved."))
                return redirect("me")
        return self.show(request, status=REFUSED, profile_form=form)

    def show(self, request, status=200, **given):
        person, now = request.user, timezone.now()
        choice = PersonPreference.objects.filter(person=person).first()
        shown = choice or PersonPreference(person=person)
        context = {
            "now": now,
            "profile_form": forms.ProfileForm(
                initial={
                    **{name: getattr(person, name) for name in profile.OF_THE_PERSON},
                    **{name: getattr(shown, name) for name in profile.OF_THE_PREFERENCE},
                }
            ),
            "notices_form": forms.NoticesForm(
                person=person,
                choice=choice,
                initial={name: getattr(shown, name) for name in profile.QUIET},
            ),
            "absences": Absence.objects.not_over(now)
            .filter(person=person)
            .select_related("deputy")
            .order_by("starts_at"),
            "deputises": [
                away_words(row, now)
                for row in Absence.objects.not_over(now)
                .filter(deputy=person)
                .select_related("person", "deputy")
                .order_by("starts_at")[:5]
            ],
        }
        return render(request, "cases/me.html", context | given, status=status)


class MyNotices(Me):
    def get(self, request):
        """Somebody signed in again half-way, or reloaded."""
        return redirect("me")

    def post(self, request):
        choice = PersonPreference.objects.filter(person=request.user).first()
        form = forms.NoticesForm(request.POST, person=request.user, choice=choice)
        if form.is_valid():
            quiet = {name: form.cleaned_data[name] for name in profile.QUIET}
            try:
                profile.be_told(by=request.user, now=timezone.now(), mail=form.mail(), **quiet)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _("Saved: this is how you are told from now on."))
                return redirect("me")
        return self.show(request, status=REFUSED, notices_form=form)


@login_required
@require_POST
def set_theme(request):
    """The choice in the menu of one's name, kept for every browser."""
    theme = request.POST.get("theme", "")
    if theme not in PersonPreference.Theme.values:
        raise Http404
    profile.introduce(by=request.user, now=timezone.now(), theme=theme)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    back = request.headers.get("Referer", "")
    known = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if known else reverse("home"))


# --- Away ---


@dataclass
class Owes:
    """What somebody holds and owes, as far as who asks may see it: `rows` the first of `number` in words."""

    person: Person
    rows: list = field(default_factory=list)
    number: str = "0"
    before: int = 0  # of the rows, due before they are back
    warnings: list = field(default_factory=list)


class Away(LoginRequiredMixin, View):
    """Who is away, now and to come, for everybody to see; the form to say it oneself, or for one's team."""

    def get(self, request):
        begins = timezone.localtime(timezone.now()).replace(second=0, microsecond=0)
        initial = {"person": request.user.pk, "starts_at": begins, "ends_at": begins + timedelta(days=1)}
        return self.show(
            request, forms.AbsenceForm(initial=initial | _asked(request), kept=kept_by(request.user))
        )

    def post(self, request):
        form = forms.AbsenceForm(request.POST, kept=kept_by(request.user))
        if form.is_valid():
            try:
                absence = absences.enter(by=request.user, now=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, away_words(absence, timezone.now()))
                return redirect("away")
        return self.show(request, form, status=REFUSED)

    def show(self, request, form, status=200, changed=None):
        """`changed`: the absence that the form is about; without one it enters another."""
        now, kept = timezone.now(), set(kept_by(request.user).values_list("pk", flat=True))
        rows = (
            Absence.objects.not_over(now)
            .select_related("person", "deputy")
            .order_by("starts_at", "pk")[:SHOWN]
        )
        context = {
            "now": now,
            "form": form,
            "changed": changed,
            "for_others": len(kept) > 1 and changed is None,
            "absences": [(row, row.starts_at <= now, row.person_id in kept) for row in rows],
            "owes": _owes(request.user, form, now),
        }
        return render(request, "cases/away.html", context, status=status)


class ChangeAbsence(Away):
    """Other times, or another deputy, for what has not begun."""

    def get(self, request, absence):
        row = _kept(request.user, absence)
        if row.starts_at <= timezone.now():
            return redirect("away")
        initial = {"person": row.person_id, "deputy": row.deputy_id}
        initial |= {
            name: timezone.localtime(getattr(row, name)).replace(second=0, microsecond=0)
            for name in ("starts_at", "ends_at")
        }
        form = forms.AbsenceForm(initial=initial | _asked(request), kept=_only(row.person_id))
        return self.show(request, form, changed=row)

    def post(self, request, absence):
        row = _kept(request.user, absence)
        sent = request.POST.copy()
        sent["person"] = row.person_id  # whose it is does not change
        form = forms.AbsenceForm(sent, kept=_only(row.person_id))
        if form.is_valid():
            said = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "deputy")}
            try:
                changed = absences.change(absence=row, by=request.user, now=timezone.now(), **said)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, away_words(changed, timezone.now()))
                return redirect("away")
        return self.show(request, form, status=REFUSED, changed=row)


class EndAbsence(LoginRequiredMixin, View):
    def post(self, request, absence):
        row = _kept(request.user, absence)
        try:
            absences.end(absence=row, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("%(name)s is back.") % {"name": row.person.name})
        return redirect("away")

    def get(self, request, absence):
        return redirect("away")


def kept_by(person):
    """Whose absence `person` may enter: their own, and those within their reach."""
    within = Person.objects.reachable(person, "people.change").values("pk")
    return Person.objects.working().filter(Q(pk=person.pk) | Q(pk__in=within)).order_by("name")


def _kept(keeper, pk):
    """The absence `pk` of somebody whose absences `keeper` may enter. Raises Http404."""
    found = Absence.objects.filter(pk=pk, person__in=kept_by(keeper)).select_related("person", "deputy")
    row = found.first()
    if row is None:
        raise Http404
    return row


def _only(pk):
    return Person.objects.filter(pk=pk)


def _asked(request):
    """What the address fills into the form: what was chosen so far, where only what follows is asked."""
    names = ("person", "deputy", "starts_at", "ends_at")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _owes(reader, form, now):
    """The Owes of whoever the form is about, or None while it names nobody that `reader` keeps."""
    said = {name: _understood(form, name) for name in ("person", "starts_at", "ends_at", "deputy")}
    person = said["person"]
    if person is None:
        return None
    theirs = Q(holder=person) | Q(owner=person, holder=None, holder_team=None) | Q(whose=person)
    reachable = Case.objects.reachable(reader).values("pk")
    found = Standing.objects.live().filter(theirs, case__in=reachable)
    number = found.order_by()[:100].count()
    related = (
        "case__customer",
        "whose",
        "whose_team",
        "owner",
        "team",
        "holder",
        "holder_team",
        "clock",
        "promise",
    )
    rows = [Row.of(standing, reader, now) for standing in found.select_related(*related).in_order()[:HELD]]
    until = said["ends_at"]
    owes = Owes(person, rows, "99+" if number > 99 else str(number))
    if until is not None:
        owes.before = sum(
            1 for row in rows if row.standing.due_at is not None and row.standing.due_at < until
        )
    owes.warnings = _warnings(said, now)
    return owes


def _understood(form, name):
    """What a field of a bound or prefilled form says, or None where it says nothing that could be meant."""
    bound = form[name]
    value = bound.value()
    if value in (None, ""):
        return None
    with suppress(django_forms.ValidationError):
        return bound.field.clean(value)
    return None


def _warnings(said, now):
    """A deputy who is away as well stands in for nobody."""
    deputy, starts_at, ends_at = said["deputy"], said["starts_at"], said["ends_at"]
    if deputy is None or starts_at is None or ends_at is None:
        return []
    both = Absence.objects.overlapping(deputy, starts_at, ends_at).select_related("person", "deputy")
    return [
        _("%(name)s is away themselves from %(from)s until %(until)s: nobody stands in then.")
        % {
            "name": deputy.name,
            "from": display.moment(row.starts_at, now, "day"),
            "until": display.moment(row.ends_at, now, "day"),
        }
        for row in both
    ]
