"""Somebody leaves: what they hold, where it goes, how far it is; and coming back."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import HttpResponseClientRedirect

from cases import leaving, roles
from cases.console import Widgets, action
from cases.errors import Refused
from cases.models import Case, Person
from cases.operations import leaving as operations
from cases.operations import passing_on

from .fields import ReasonField
from .versions import WhyForm, posted

NO_MORE = 10**9


def _address(row):
    """Where a thing that somebody holds is seen: a case in the workspace, all else in the console."""
    if isinstance(row, Case):
        return reverse("case", args=[row.number])
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


class LeavingForm(forms.Form):
    way = forms.ChoiceField(
        label=gettext_lazy("Cases and escalations go"),
        choices=leaving.WAYS,
        initial=leaving.TO_PERSON,
        widget=Widgets.Choice,
    )
    to = forms.ModelChoiceField(
        label=gettext_lazy("Who takes what needs a name"),
        queryset=Person.objects.none(),
        widget=Widgets.LongChoice,
        empty_label=gettext_lazy("choose one"),
        help_text=gettext_lazy(
            "Promises, turns of duty, accounts, rules, people they manage; restricted cases that you know of."
        ),
    )
    kept_to = forms.ModelChoiceField(
        label=gettext_lazy("Who is named on restricted cases that are kept from you"),
        queryset=Person.objects.none(),
        required=False,
        widget=Widgets.LongChoice,
        empty_label=gettext_lazy("nobody yet"),
        help_text=gettext_lazy(
            "Where there are any, nobody leaves before somebody is named on them, with your reason, and told "
            "which. You see nothing of them, so it cannot be you."
        ),
    )
    change_reason = ReasonField(required=True)
    # With how much it began: what the bar is measured against.
    total = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=NO_MORE)

    # Which clashes of turns stood on the page that was sent: others are shown before anything is done.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, person, by, **kwargs):
        super().__init__(*args, **kwargs)
        able = Person.objects.working().filter(role__in=roles.who_may("escalation.hold"))
        others = able.exclude(pk=person.pk).order_by("name")
        self.fields["to"].queryset = others
        self.fields["kept_to"].queryset = others.exclude(pk=by.pk)
        for row in passing_on.alone_led(person):
            self.fields[f"lead_{row.team_id}"] = forms.ModelChoiceField(
                label=_("Who leads %(team)s next") % {"team": row.team},
                queryset=passing_on.could_lead(row.team, person),
                required=False,
                widget=Widgets.Choice,
                empty_label=_("nobody yet: whoever leads the team above"),
            )
        leads = [name for name in self.fields if name.startswith("lead_")]
        self.order_fields(["way", "to", "kept_to", *leads, "change_reason"])

    def choice(self):
        said = self.cleaned_data
        leads = {
            int(name.removeprefix("lead_")): who
            for name, who in said.items()
            if name.startswith("lead_") and who is not None
        }
        return leaving.Choice(said["way"], said["to"], said["change_reason"], leads, said["kept_to"])


@dataclass(frozen=True)
class Clashing:
    """What the turns that would be passed on clash with, in sentences: what stays therefore, and what is
    passed on all the same. `is_new`: some of it did not stand on the page that was sent."""

    taker: Person
    stays: list
    passes: list
    keys: str
    is_new: bool

    @classmethod
    def of(cls, person, form, now):
        """Whoever may let somebody leave may see everybody's turns and absences."""
        taker = form.cleaned_data["to"]
        found = passing_on.clashes_of_turns(person, taker, now=now)
        sentences = [(one.is_in_the_way, one.sentence()) for one in found]
        keys = {one.key for one in found}
        return cls(
            taker,
            [words for stays, words in sentences if stays],
            [words for stays, words in sentences if not stays],
            ",".join(sorted(keys)),
            bool(keys - set(form.cleaned_data["seen"].split(","))),
        )


class LeavingPages:
    """For the admin of people."""

    actions_detail = ("leave", "come_back")

    def get_actions_detail(self, request, object_id):
        person = self.get_object(request, str(object_id))
        offered = "leave" if person is None or person.is_active else "come_back"
        name = self.get_unfold_action(offered).action_name
        return [a for a in super().get_actions_detail(request, object_id) if a.action_name == name]

    def has_come_back_permission(self, request, object_id=None):
        person = self.get_object(request, str(object_id)) if object_id else None
        return person is not None and operations.may_part_with(request.user, person)

    @action(
        description=gettext_lazy("What they hold, and leaving…"),
        url_path="leave",
        icon="person_off",
        permissions=["view"],
    )
    def leave(self, request, object_id):
        """What somebody holds, for all who see them; passing it on is for those who may part with them."""
        person, now = self._person_or_404(request, object_id), timezone.now()
        may = operations.may_part_with(request.user, person) and person.is_active
        form = LeavingForm(posted(request), person=person, by=request.user)
        left, clashing = None, None
        if request.method == "POST" and may and form.is_valid():
            clashing = Clashing.of(person, form, now)
        if clashing is not None and not clashing.is_new:
            try:
                left = operations.leave(person=person, choice=form.choice(), by=request.user, now=now)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                if left.is_out:
                    messages.success(
                        request,
                        _("%(who)s works here no longer; nothing is left with them.") % {"who": person},
                    )
                    if request.htmx:
                        return HttpResponseClientRedirect(self.address_of(person))
                    return redirect(self.address_of(person))
                clashing = Clashing.of(person, form, now)
        held = left.held if left else leaving.held(person, reader=request.user, now=now)
        return self._show_holdings(request, person, form, held, left, may, clashing)

    def _show_holdings(self, request, person, form, held, left, may, clashing):
        # How much is kept from the reader is counted once they pass it on, and never said of what kind it is.
        number = sum(one.number if left else one.count for one in held if not one.stays and not one.blocks)
        began_with = number + (left.passed.number if left else 0)
        total = max(_whole(form["total"].value()), began_with)
        # Only what moved may go on by itself: else it would ask for ever.
        goes_on = left is not None and left.passed.number > 0 and not left.is_out and not left.passed.refused
        goes_on = goes_on and (number > 0 or not any(one.hinders for one in held))
        if form.is_bound:
            seen = clashing.keys if clashing is not None else form.data.get("seen", "")
            form.data = {**form.data.dict(), "total": total, "seen": seen}
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(who)s leaves") % {"who": person},
            "opts": self.opts,
            "original": person,
            "person": person,
            "form": form if may else None,
            "held": [(one, [(row, _address(row)) for row in one.examples]) for one in held if one.count],
            "left": left,
            "clashing": clashing,
            "total": total,
            "done": total - number,
            "goes_on": goes_on,
            "is_blocked": any(one.blocks for one in held),
            "counted": ngettext(
                "%(done)s of %(total)s thing passed on", "%(done)s of %(total)s things passed on", total
            )
            % {"done": _number(total - number), "total": _number(total)},
            "back": self.address_of(person),
            "media": self.media + form.media,
        }
        return render(request, "admin/leaving.html", context)

    @action(
        description=gettext_lazy("Let in again…"),
        url_path="come-back",
        icon="person_add",
        permissions=["come_back"],
    )
    def come_back(self, request, object_id):
        person, now = self._person_or_404(request, object_id), timezone.now()
        form = BackForm(posted(request))
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["change_reason"]
            try:
                operations.come_back(person=person, by=request.user, now=now, reason=reason)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(
                    request, _("%(who)s works here again, and needs a new password.") % {"who": person}
                )
                return redirect(self.address_of(person))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Let %(who)s in again") % {"who": person},
            "opts": self.opts,
            "original": person,
            "form": form,
            "button": _("Let in again"),
            "effects": [
                _("They are what they were: role, teams, skills. What they held stays where it went."),
                _("They have no password until an administrator sets one."),
            ],
            "back": self.address_of(person),
            "media": self.media + form.media,
        }
        return render(request, "admin/ask.html", context)

    def _person_or_404(self, request, object_id):
        person = self.get_object(request, str(object_id))
        if person is None:
            raise Http404
        return person

    def address_of(self, person):
        return reverse("admin:cases_person_change", args=[person.pk])


class BackForm(WhyForm):
    change_reason = ReasonField(required=True)


def _number(value):
    return number_format(value, use_l10n=True, force_grouping=True)


def _whole(value):
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else 0
