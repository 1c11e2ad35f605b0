"""The forms of regulatory packs: which terms hold for whom, from when, and how somebody checked them; what
speaks against an answer, and what it would have meant."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import law_words
from cases.console import MomentField, Widgets
from cases.models import Calendar, Category, Customer
from cases.operations import lookback, packs
from cases.packs import facts

from .fields import ReasonField


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
        empty_label=gettext_lazy("choose one"),
        help_text=gettext_lazy(
            "Each of its open days is a business day of the law; it should have the holidays."
        ),
    )
    effective_at = MomentField(
        label=gettext_lazy("For cases received from"),
        required=False,
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
                help_text=any_of_them(fact),
            )
            self.fields[f"customers_{fact.key}"] = Names(
                label=gettext_lazy("Of these customers"),
                help_text=any_of_them(fact, gettext_lazy("One name a line.")),
            )

    def _as_it_is(self, version):
        """As it is now; of what was never turned on, what was read in the law and holds for every case."""
        if version is None:
            return {f"on_{fact.key}": fact.is_certain and not fact.narrow for fact in self.clocks}
        initial = {"calendar": version.calendar_id}
        for term in version.terms.select_related("customer"):
            initial[f"on_{term.key}"] = True
            if term.category_id:
                initial.setdefault(f"categories_{term.key}", []).append(term.category_id)
            if term.customer_id:
                names = initial.get(f"customers_{term.key}", "").splitlines()
                initial[f"customers_{term.key}"] = "\n".join(dict.fromkeys([*names, term.customer.name]))
        return initial

    def clean(self):
        """What is refused for its width is said beside the conditions that would narrow it."""
        said = super().clean()
        for fact in self.clocks:
            names = (f"categories_{fact.key}", f"customers_{fact.key}")
            is_for_all = not any(said.get(name) or self.has_error(name) for name in names)
            if fact.narrow and said.get(f"on_{fact.key}") and is_for_all:
                self.add_error(names[0], packs.too_wide(fact))
        return said

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


def any_of_them(fact, first=""):
    """What it means to choose none."""
    if fact.narrow:
        words = gettext_lazy("Needed, or a customer: the term is not for every case.")
    else:
        words = gettext_lazy("None: of any.")
    return format_lazy("{} {}", first, words) if first else words


class TurnOffForm(forms.Form):
    effective_at = MomentField(
        label=gettext_lazy("For cases received from"),
        required=False,
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
