"""Which SLA policy would a case get, and why: the conditions in the order in which they are asked."""

from dataclasses import dataclass
from types import SimpleNamespace

from django.db.models import prefetch_related_objects
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases.comparing import words
from cases.console import action
from cases.models import SlaPolicyVersion
from cases.models.sla import CONDITIONS
from cases.views.finding import reading

from .described import DescribedCase


@dataclass(frozen=True)
class Row:
    """A policy in force: its conditions as [(heading, words, what the case is instead)]; `verdict`: won,
    failed or not_asked, empty where no case is asked about."""

    number: int
    version: SlaPolicyVersion
    address: str
    cells: list
    verdict: str = ""
    why: str = ""


class PolicyPages:
    actions_list = ("which",)

    @action(
        description=gettext_lazy("Which policy would this case get?"),
        url_path="which",
        icon="help",
        permissions=["view"],
    )
    @method_decorator(require_GET)
    def which(self, request):
        """The policies in force, each with its verdict on the case that is asked about."""
        now = timezone.now()
        asking = DescribedCase(request.GET if "number" in request.GET else None, person=request.user)
        case = None
        if asking.is_bound and asking.is_valid():
            if asking.case is not None:
                reading(request, asking.case, via="console")
            case = asking.case or _described(asking.cleaned_data)
        rows = _rows(now, case)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which policy would this case get?"),
            "opts": self.opts,
            "rows": rows,
            "headings": [heading(name) for name in CONDITIONS],
            "winner": next((row for row in rows if row.verdict == "won"), None),
            "asking": asking,
            "case": asking.case,
            "is_asked": case is not None,
            "media": self.media + asking.media,
        }
        return render(request, "admin/which_policy.html", context)


def heading(name):
    return str(capfirst(SlaPolicyVersion._meta.get_field(name).verbose_name))


def _described(said):
    """As much of a case as conditions ask for."""
    ids = {f"{name}_id": getattr(said[name], "pk", None) for name in ("category", "service")}
    named = {name: said[name] for name in ("category", "service", "channel")}
    return SimpleNamespace(**named, **ids, customer=SimpleNamespace(tier=said["tier"]))


def _rows(now, case):
    found, is_won = [], False
    versions = SlaPolicyVersion.objects.in_force(now)
    prefetch_related_objects(versions, "category", "service")
    for number, version in enumerate(versions, 1):
        failed = version.first_failing(case) if case is not None and not is_won else None
        verdict, why = _verdict(case, failed, is_won)
        is_won = is_won or verdict == "won"
        cells = [
            (heading(name), _words(version, name), _fact(case, name) if name == failed else "")
            for name in CONDITIONS
        ]
        address = reverse("admin:cases_slapolicyversion_change", args=[version.pk])
        found.append(Row(number, version, address, cells, verdict, why))
    return found


def _verdict(case, failed, is_won):
    if case is None:
        return "", ""
    if is_won:
        return "not_asked", _("Not asked: a policy above it is owed.")
    if failed is None:
        return "won", _("Owed: all its conditions hold.")
    said = {"what": heading(failed), "fact": _fact(case, failed)}
    return "failed", _("No: %(what)s is “%(fact)s”.") % said


def _words(version, name):
    return words(version, SlaPolicyVersion._meta.get_field(name))


def _fact(case, name):
    """What the case is, in the words in which a version would say it."""
    value = case.customer.tier if name == "tier" else getattr(case, name)
    return words(SimpleNamespace(**{name: value}), SlaPolicyVersion._meta.get_field(name)) or _("none")
