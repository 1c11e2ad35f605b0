"""The roster: a week as a picture, patterns that make its turns, turns that change hands."""

from datetime import date, timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from cases import display, roles, rosters
from cases.console import DayField, Widgets
from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps, Refused
from cases.models import Duty, Person, Skill, Team
from cases.operations import duties, turns

from .bases import PeopleAdmin
from .fields import ReasonField
from .operated import OperatedAdmin, OperatedForm
from .versions import posted

NAME = "cases_duty"
A_WEEK = timedelta(weeks=1)
OFFERED = 60


class WhichWeek(forms.Form):
    """Of what and when; what is not understood is as if it had not been asked."""

    week = DayField(label=gettext_lazy("Week of"), required=False)
    skill = forms.ModelChoiceField(
        label=gettext_lazy("Skill"),
        queryset=Skill.objects.order_by("name"),
        required=False,
        widget=Widgets.Choice,
        empty_label=gettext_lazy("All with a roster"),
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("People of"),
        queryset=Team.objects.filter(is_active=True).order_by("name"),
        required=False,
        widget=Widgets.Choice,
        empty_label=gettext_lazy("All teams"),
    )


class SwapForm(forms.Form):
    """Who takes a turn: a person, or whoever has the turn that goes in return."""

    to = forms.ModelChoiceField(
        label=gettext_lazy("Who takes it"),
        queryset=Person.objects.none(),
        required=False,
        widget=Widgets.LongChoice,
        empty_label=gettext_lazy("choose one"),
    )
    in_return = forms.ModelChoiceField(
        label=gettext_lazy("In return for"),
        queryset=Duty.objects.none(),
        required=False,
        widget=Widgets.LongChoice,
        empty_label=gettext_lazy("nothing"),
        help_text=gettext_lazy("A turn of theirs that is taken instead. Chosen here, it says who, too."),
    )
    change_reason = ReasonField(required=True)

    def __init__(self, *args, turn, person, now, **kwargs):
        super().__init__(*args, **kwargs)
        within = Person.objects.reachable(person, "people.change")
        able = within.filter(is_active=True, role__in=roles.who_may("escalation.hold"))
        self.fields["to"].queryset = able.exclude(pk=turn.person_id).order_by("name")
        to_come = rosters.turns_to_come(turn.skill, but=turn.person, now=now).filter(person__in=able)
        offered = list(to_come.values_list("pk", flat=True)[:OFFERED])
        self.fields["in_return"].queryset = to_come.filter(pk__in=offered)
        self.fields["in_return"].label_from_instance = lambda row: f"{row.person}: {when(row, now)}"

    def clean(self):
        said = super().clean()
        in_return = said.get("in_return")
        if in_return is not None and said.get("to") not in (None, in_return.person):
            self.add_error(
                "in_return",
                _("This turn is %(who)s’s; choose one of who takes the other, or leave the name empty.")
                % {"who": in_return.person},
            )
        elif in_return is None and said.get("to") is None and not self.errors:
            self.add_error("to", _("Name who takes the turn, or choose a turn in return."))
        elif in_return is not None:
            said["to"] = in_return.person
        return said


def when(turn, now):
    """From when until when, in the reader's zone."""
    until = timezone.localtime(turn.ends_at)
    same_day = timezone.localtime(turn.starts_at).date() == until.date()
    ends = date_format(until, "H:i") if same_day else display.moment(turn.ends_at, now, "dated")
    return f"{display.moment(turn.starts_at, now, 'dated')} – {ends}"


def say_besides(request, turn, now):
    """Whoever is given a turn may be on duty for something else then: allowed, and said."""
    for clash in duties.besides(turn, now):
        messages.warning(request, clash.sentence())


class RosterPages:
    """For the admin of turns."""

    entrance = "roster"

    def get_urls(self):
        pages = (("roster/", self.roster, "roster"), ("<int:pk>/swap/", self.swap, "swap"))
        own = [path(at, self.admin_site.admin_view(view), name=f"{NAME}_{name}") for at, view, name in pages]
        return [*own, *super().get_urls()]

    @method_decorator(require_GET)
    def roster(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        form = WhichWeek(request.GET)
        said = form.cleaned_data if form.is_valid() else form.cleaned_data or {}
        day = said.get("week") or timezone.localtime(now).date()
        monday = _monday(day)
        zone = timezone.get_current_timezone_name()
        week = rosters.week(
            monday=monday,
            zone=zone,
            now=now,
            reader=request.user,
            skill=said.get("skill"),
            team=said.get("team"),
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Roster"),
            "opts": self.opts,
            "form": WhichWeek(initial={"week": monday, "skill": said.get("skill"), "team": said.get("team")}),
            "week": week,
            "now": now,
            "zone": display.zone_city(zone),
            "before": _address(request, monday - A_WEEK),
            "after": _address(request, monday + A_WEEK),
            "this": _address(request, _monday(timezone.localtime(now).date())),
            "is_this": week.now_x is not None,
            "may_change": self.has_add_permission(request),
            "said": [_said(row) for row in week.skills],
            "width": rosters.WIDTH,
            "bar": rosters.BAR,
            "media": self.media + form.media,
        }
        return render(request, "admin/roster.html", context)

    def swap(self, request, pk):
        """A turn goes to somebody else, for this once."""
        turn = self.get_object(request, str(pk))
        if turn is None:
            raise Http404
        if not self.has_change_permission(request, turn):
            raise PermissionDenied
        now = timezone.now()
        form = SwapForm(posted(request), turn=turn, person=request.user, now=now)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                taken = duties.swap(
                    turn=turn,
                    to=said["to"],
                    in_return=said["in_return"],
                    reason=said["change_reason"],
                    by=request.user,
                    now=now,
                )
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                words = {"who": taken.person, "skill": taken.skill, "when": when(taken, now)}
                messages.success(request, _("%(who)s is on duty for %(skill)s, %(when)s.") % words)
                say_besides(request, taken, now)
                return redirect(_week_of(taken))
        words = {"who": turn.person, "skill": turn.skill, "when": when(turn, now)}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Swap a turn"),
            "opts": self.opts,
            "original": turn,
            "form": form,
            "button": _("Swap the turn"),
            "effects": [_("%(who)s is on duty for %(skill)s, %(when)s.") % words, *_if_running(turn, now)],
            "back": _week_of(turn),
            "media": self.media + form.media,
        }
        return render(request, "admin/ask.html", context)


def _monday(day):
    # Far from all calendars there is no week before or after.
    day = min(max(day, date(2000, 1, 3)), date(2200, 1, 1))
    return day - timedelta(days=day.weekday())


def _address(request, monday):
    query = request.GET.copy()
    query["week"] = monday.isoformat()
    return f"{reverse(f'admin:{NAME}_roster')}?{query.urlencode()}"


def _week_of(turn):
    monday = _monday(timezone.localtime(turn.starts_at).date())
    return f"{reverse(f'admin:{NAME}_roster')}?week={monday}"


def _if_running(turn, now):
    if turn.starts_at <= now < turn.ends_at:
        return [_("It has begun: whoever takes it has what is left of it.")]
    return []


def _said(row):
    """A skill's week, with what is to be said of it in sentences."""
    sentences = [_("Nobody is on duty %(when)s.") % {"when": display.stretch(*gap)} for gap in row.gaps[:5]]
    if len(row.gaps) > 5:
        more = len(row.gaps) - 5
        sentences.append(ngettext("And %(n)d more stretch.", "And %(n)d more stretches.", more) % {"n": more})
    for start, end, one, other in row.overlaps[:5]:
        words = {"one": one, "other": other, "when": display.stretch(start, end)}
        sentences.append(_("%(one)s and %(other)s have the same place %(when)s.") % words)
    return row, sentences


class TurnForm(OperatedForm):
    at = {
        NotTheirs: "person",
        ConflictOfInterest: "person",
        Incomplete: "ends_at",
        InThePast: "starts_at",
        Overlaps: "starts_at",
    }

    def operate(self, now):
        said, signed = self.cleaned_data, {"by": self.asker, "now": now}
        told = {name: said[name] for name in ("starts_at", "ends_at", "position")}
        told["reason"] = said["change_reason"]
        if self.instance.pk is None:
            return turns.add(skill=said["skill"], person=said["person"], **told, **signed)
        return turns.move(turn=self.instance, **told, **signed)


@admin.register(Duty)
class DutyAdmin(RosterPages, OperatedAdmin, PeopleAdmin):
    form = TurnForm
    list_display = ("skill", "person", "starts_at", "ends_at", "position", "instead_of", "pattern")
    list_select_related = ("skill", "person", "instead_of", "pattern__skill", "pattern__person")
    list_filter = ("skill",)
    search_fields = ("person__name", "skill__name")
    autocomplete_fields = ("person",)
    ordering = ("-starts_at", "-pk")

    def get_readonly_fields(self, request, obj=None):
        """Who has it changes by a swap, which says to whom and why."""
        return ("skill", "person") if obj else ()

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.has_changed():
            kept = Duty.objects.select_related("skill", "person").get(pk=obj.pk)
            say_besides(request, kept, timezone.now())

    def take_away(self, request, obj, now):
        turns.take_out(turn=obj, by=request.user, now=now)
