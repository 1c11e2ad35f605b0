"""Regulatory packs: what laws promise, which of it is turned on and for whom, and who confirmed what."""

from dataclasses import dataclass

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import law_words, roles
from cases.console import HistoryAdmin, Widgets, display
from cases.errors import Refused
from cases.models import Calendar, Category, Customer, PackConfirmation, PackTerm, PackVersion
from cases.operations import lookback, packs
from cases.packs import Fact, facts
from cases.packs import packs as known_packs

from .bases import ReadOnly
from .calendars import PartAdmin
from .fields import ReasonField
from .versions import posted, published


@dataclass(frozen=True)
class ShownTerm:
    """A Fact as the list shows it."""

    fact: Fact
    confirmation: PackConfirmation | None
    is_on: bool

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
        on = {term.key for term in version.terms.all()} if version else set()
        terms = [ShownTerm(f, confirmed.get((f.key, f.says)), f.key in on) for f in pack.terms]
        found.append(ShownPack(pack, version, planned.get(pack.key), terms))
    return sorted(found, key=lambda shown: not shown.is_on)


# --- Forms ---


class Names(forms.CharField):
    """Customers by their names, one a line: to choose from a list of all of them would take too long."""

    def __init__(self, **kwargs):
        super().__init__(widget=Widgets.Lines(attrs={"rows": 2}), required=False, **kwargs)

    def clean(self, value):
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        found = {}
        for customer in Customer.objects.filter(name__in=lines):
            found.setdefault(customer.name, []).append(customer)
        unknown = [line for line in lines if line not in found]
        if unknown:
            raise forms.ValidationError(
                _("No customer is called: %(names)s. Write each name as their page has it, one a line.")
                % {"names": "; ".join(unknown)}
            )
        doubled = [name for name, rows in found.items() if len(rows) > 1]
        if doubled:
            raise forms.ValidationError(
                _("Several customers are called “%(name)s”; give the case a category instead.")
                % {"name": doubled[0]}
            )
        return [found[line][0] for line in dict.fromkeys(lines)]


class TurnOnForm(forms.Form):
    """Which terms of one pack, for whom, on which calendar and from when."""

    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Calendar of business days"),
        queryset=Calendar.objects.none(),
        widget=Widgets.Choice,
        help_text=gettext_lazy(
            "Each of its open days is a business day of the law; it should have the holidays."
        ),
    )
    effective_at = forms.SplitDateTimeField(
        label=gettext_lazy("For cases received from"),
        required=False,
        widget=Widgets.Moment,
        help_text=gettext_lazy("Empty: from now on."),
    )
    change_reason = ReasonField()

    def __init__(self, data, *, pack, version):
        self.pack = pack
        self.clocks = [fact for fact in pack.terms if fact.ends_on]
        super().__init__(data, initial=self._as_it_is(version))
        # One that was never published never opens.
        self.fields["calendar"].queryset = Calendar.objects.exclude(revision=None).order_by("name")
        categories = Category.objects.filter(is_active=True).order_by("name")
        for fact in self.clocks:
            self.fields[f"on_{fact.key}"] = forms.BooleanField(
                label=law_words.promise(fact), required=False, widget=Widgets.Switch
            )
            self.fields[f"categories_{fact.key}"] = forms.ModelMultipleChoiceField(
                label=gettext_lazy("Of these categories"),
                queryset=categories,
                required=False,
                widget=Widgets.Boxes,
                help_text=gettext_lazy("None: of any."),
            )
            self.fields[f"customers_{fact.key}"] = Names(
                label=gettext_lazy("Of these customers"),
                help_text=gettext_lazy("One name a line. None: of any."),
            )

    def _as_it_is(self, version):
        """As it is now; of what was never turned on, what was read in the law."""
        if version is None:
            return {f"on_{fact.key}": fact.is_certain for fact in self.clocks}
        initial = {"calendar": version.calendar_id}
        for term in version.terms.select_related("customer"):
            initial[f"on_{term.key}"] = True
            if term.category_id:
                initial.setdefault(f"categories_{term.key}", []).append(term.category_id)
            if term.customer_id:
                names = initial.get(f"customers_{term.key}", "").splitlines()
                initial[f"customers_{term.key}"] = "\n".join(dict.fromkeys([*names, term.customer.name]))
        return initial

    def rows(self):
        """[(fact, its three fields)] for the page."""
        return [
            (fact, [self[f"{name}_{fact.key}"] for name in ("on", "categories", "customers")])
            for fact in self.clocks
        ]

    def shared(self):
        return [self[name] for name in ("calendar", "effective_at", "change_reason")]

    def chosen(self):
        said = self.cleaned_data
        return [
            packs.Chosen(fact.key, category, customer)
            for fact in self.clocks
            if said[f"on_{fact.key}"]
            for category in list(said[f"categories_{fact.key}"]) or [None]
            for customer in said[f"customers_{fact.key}"] or [None]
        ]


class TurnOffForm(forms.Form):
    effective_at = forms.SplitDateTimeField(
        label=gettext_lazy("For cases received from"),
        required=False,
        widget=Widgets.Moment,
        help_text=gettext_lazy("Empty: from now on."),
    )
    change_reason = ReasonField(required=True)


class ConfirmForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("How you checked it"),
        max_length=300,
        widget=Widgets.Lines(attrs={"rows": 3}),
        help_text=gettext_lazy("What you read, where, and as it stood on which day. Stays with your name."),
    )


# --- Pages ---


@admin.register(PackVersion)
class PackVersionAdmin(ReadOnly, HistoryAdmin):
    """The list says what there is; a pack is turned on, changed and turned off on a page of its own."""

    list_display = ("name", "number", "holds", "effective_at", "calendar", "shown_published", "note")
    list_display_links = ("name", "number")
    list_select_related = ("calendar", "published_by")
    ordering = ("-pk",)
    sortable_by = ()
    list_before_template = "admin/packs.html"
    fields = (("name", "number"), ("effective_at", "shown_published"), ("calendar", "note"), "holds_for")
    readonly_fields = ("name", "shown_published", "holds_for")

    def get_queryset(self, request):
        return (
            super().get_queryset(request).select_related("calendar", "published_by").prefetch_related("terms")
        )

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("pack/<slug:key>/", view(self.turn_on), name="cases_packversion_on"),
            path("pack/<slug:key>/off/", view(self.turn_off), name="cases_packversion_off"),
            path("term/<slug:key>/confirm/", view(self.confirm), name="cases_packversion_confirm"),
            *super().get_urls(),
        ]

    # --- what is shown ---

    def changelist_view(self, request, extra_context=None):
        shown = {
            "packs": shown_packs(timezone.now()) if self.has_view_permission(request) else (),
            "may_publish": roles.may(request.user, "rules.publish"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    @display(description=gettext_lazy("pack"))
    def name(self, version):
        return version.name

    @display(description=gettext_lazy("published"))
    def shown_published(self, version):
        return published(version)

    @display(description=gettext_lazy("holds"))
    def holds(self, version):
        keys = {term.key for term in version.terms.all()}
        words = ngettext("%(n)d term", "%(n)d terms", len(keys))
        return words % {"n": len(keys)} if keys else _("off")

    @display(description=gettext_lazy("what holds, and for whom"))
    def holds_for(self, version):
        terms = version.terms.select_related("category", "customer").order_by("pk")
        return "; ".join(f"{term.source}: {for_whom(term)}" for term in terms) or _("off")

    # --- what is done ---

    def turn_on(self, request, key):
        pack, version = self._pack_or_404(request, key), self._in_force(key)
        form = TurnOnForm(posted(request), pack=pack, version=version)
        looked = None
        if request.method == "POST" and form.is_valid():
            given = {"calendar": form.cleaned_data["calendar"], "chosen": form.chosen()}
            now = timezone.now()
            if "look" in request.POST:
                looked = looked_back(pack, now=now, **given)
            elif self._done(
                request,
                lambda: packs.turn_on(
                    pack=key,
                    by=request.user,
                    now=now,
                    effective_at=form.cleaned_data["effective_at"],
                    reason=form.cleaned_data["change_reason"],
                    **given,
                ),
                _("Turned on: %(pack)s.") % {"pack": pack.name},
            ):
                return redirect(self._list())
        is_on = version is not None and version.terms.exists()
        title = _("Change %(pack)s") if is_on else _("Turn on %(pack)s")
        context = {
            "looked": looked,
            "pack": pack,
            "not_seen": [ShownTerm(fact, None, False) for fact in pack.terms if fact.ends_on is None],
            "warnings": warnings(pack, form),
        }
        return self._ask(
            request,
            form,
            template="admin/pack_on.html",
            title=title % {"pack": pack.name},
            button=_("Publish the change") if is_on else _("Turn it on"),
            effects=[_("Cases received from then on get these clocks; open cases keep the ones they have.")],
            **context,
        )

    def turn_off(self, request, key):
        pack = self._pack_or_404(request, key)
        form = TurnOffForm(posted(request))
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            given = {"by": request.user, "now": timezone.now(), "effective_at": said["effective_at"]}
            if self._done(
                request,
                lambda: packs.turn_off(pack=key, reason=said["change_reason"], **given),
                _("Turned off: %(pack)s.") % {"pack": pack.name},
            ):
                return redirect(self._list())
        effects = [_("Cases received from then on get no clock of it. What open cases are owed stays owed.")]
        title = _("Turn off %(pack)s") % {"pack": pack.name}
        return self._ask(request, form, title=title, button=_("Turn it off"), effects=effects)

    def confirm(self, request, key):
        self._require_publisher(request)
        fact = facts().get(key)
        if fact is None or fact.is_certain:
            raise Http404
        form = ConfirmForm(posted(request))
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            given = {"key": key, "note": note, "by": request.user, "now": timezone.now()}
            words = _("Confirmed in your name: %(term)s.") % {"term": fact.source}
            if self._done(request, lambda: packs.confirm(**given), words):
                return redirect(self._list())
        counting = law_words.counting(fact.term("UTC")) if fact.counts_days else ""
        effects = [
            law_words.promise(fact),
            _("On: %(trigger)s. For: %(scope)s.") % {"trigger": fact.trigger, "scope": fact.scope},
            _("Source: %(source)s. Certainty %(certainty)s.")
            % {"source": fact.source, "certainty": law_words.certainty(fact.certainty)},
            *(
                [_("Counted: %(how)s (%(source)s).") % {"how": counting, "source": fact.counting.source}]
                if counting
                else []
            ),
            *([fact.note] if fact.note else []),
            fact.url,
        ]
        title = _("Confirm %(term)s") % {"term": fact.source}
        button = _("Confirm in my name")
        return self._ask(
            request, form, title=title, button=button, effects=[words for words in effects if words]
        )

    def _require_publisher(self, request):
        if not roles.may(request.user, "rules.publish"):
            raise PermissionDenied

    def _pack_or_404(self, request, key):
        self._require_publisher(request)
        if key not in known_packs():
            raise Http404
        return known_packs()[key]

    def _in_force(self, key):
        """The newest version, planned ones included: what a change begins from."""
        found = PackVersion.objects.published().filter(pack=key).select_related("calendar")
        return found.order_by("-number").first()

    def _done(self, request, do, words):
        """Whether `do()` was not refused; what refused it is said."""
        try:
            do()
        except Refused as refused:
            for sentence in refused.messages:
                messages.error(request, sentence)
            return False
        messages.success(request, words)
        return True

    def _list(self):
        return reverse("admin:cases_packversion_changelist")

    def _ask(self, request, form, *, title, button, template="admin/ask.html", **context):
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "button": button,
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
            "back": self._list(),
        }
        return render(request, template, context)


def for_whom(term):
    """Which cases a PackTerm holds for, in words."""
    words = [str(what) for what in (term.category, term.customer) if what]
    return ", ".join(words) or _("all cases")


def warnings(pack, form):
    """What speaks against what the form says so far, though nothing forbids it."""
    if not (form.is_bound and form.is_valid()):
        return []
    calendar, found = form.cleaned_data["calendar"], []
    if pack.zone and calendar.time_zone != pack.zone:
        words = {"calendar": calendar, "zone": calendar.time_zone, "law": pack.zone}
        found.append(
            _("The calendar “%(calendar)s” is of %(zone)s; the law counts the days of %(law)s.") % words
        )
    newest = calendar.versions.exclude(published_at=None).order_by("-effective_at", "-number").first()
    if newest and not newest.holidays.exists():
        words = _("The calendar “%(calendar)s” has no holidays: each would count as a business day.")
        found.append(words % {"calendar": calendar})
    confirmed = packs.confirmations()
    for key in dict.fromkeys(row.key for row in form.chosen()):
        fact = facts()[key]
        if not fact.is_certain and (key, fact.says) not in confirmed:
            found.append(
                _("%(term)s is to be confirmed, and says so wherever it appears.") % {"term": fact.source}
            )
    return found


def looked_back(pack, *, calendar, chosen, now):
    """[(promise, sentence)]: what of the cases of the last 90 days would have been late under each term."""
    found = []
    for key, tally in lookback.late(pack=pack, calendar=calendar, chosen=chosen, now=now).items():
        words = ngettext(
            "%(late)d of %(n)d case would have been late; not over yet: %(open)d.",
            "%(late)d of %(n)d cases would have been late; not over yet: %(open)d.",
            tally.cases,
        )
        found.append(
            (
                law_words.promise(pack.fact(key)),
                words % {"late": tally.late, "n": tally.cases, "open": tally.unknown},
            )
        )
    return found


@admin.register(PackTerm)
class PackTermAdmin(PartAdmin):
    list_display = ("version", "key", "category", "customer", "rule", "ends_on")
    list_select_related = ("version", "category", "customer")


@admin.register(PackConfirmation)
class PackConfirmationAdmin(PartAdmin):
    list_display = ("key", "says", "confirmed_by", "confirmed_at", "note")
    list_select_related = ("confirmed_by",)
