"""The page that publishes a path version: the check with what mends each finding, whom it touches, and
whether running escalations move with it."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.admin.recalculations import number
from cases.admin.versions import PublishForm
from cases.console import Widgets
from cases.errors import Refused
from cases.models import Case
from escalations import checking
from escalations.checking import Finding
from escalations.operations import moving, publishing

# So many running escalations are named.
NAMED = 20


class PublishPathForm(PublishForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    move_open = forms.BooleanField(
        label=gettext_lazy("Move running escalations to this version"),
        required=False,
        widget=Widgets.Switch,
        help_text=gettext_lazy(
            "They keep their level, and the present holder’s term; what follows goes by this version. Needs a"
            " reason, and a version in force from now on."
        ),
    )
    field_order = ("effective_at", "move_open", "change_reason", "seen")

    def clean(self):
        said = super().clean()
        if said.get("move_open"):
            if said.get("effective_at") and said["effective_at"] > timezone.now():
                self.add_error(
                    "move_open",
                    _(
                        "Escalations only move to a version in force: leave the time above empty, or move"
                        " them later."
                    ),
                )
            if not (said.get("change_reason") or "").strip():
                self.add_error(
                    "change_reason", _("Say why these escalations move; their history will show it.")
                )
        return said


@dataclass(frozen=True)
class Mending:
    """A finding with the address of what mends it."""

    finding: Finding
    address: str

    @property
    def word(self):
        return _("Must be mended") if self.finding.blocks else _("To consider")

    @property
    def link(self):
        if self.finding.rule_id:
            return _("Open the rule")
        return _("Open the level") if self.finding.level_number else _("Open the draft")


class PublishPages:
    """For the admin of path versions."""

    publish_form = PublishPathForm
    publish_template = "admin/publish_path.html"

    @staticmethod
    def findings(version):
        return publishing.findings(version, now=timezone.now())

    def publish_arguments(self, form):
        return {"seen": form.cleaned_data["seen"] or None}

    def publish_initial(self, version):
        return {**super().publish_initial(version), "seen": publishing.edition(version)}

    def seen_now(self, version):
        return {"seen": publishing.edition(version)}

    def publish_context(self, request, version):
        running = moving.running_on_others(version).select_related("case", "version__path")
        known = set(
            Case.objects.findable(request.user)
            .filter(pk__in=[e.case_id for e in running[:NAMED]])
            .values_list("pk", flat=True)
        )
        levels = set(version.levels.values_list("number", flat=True))
        return {
            "checks": self.checks(version),
            "running": [(e, e.case_id in known, e.level_number in levels) for e in running[:NAMED]],
            "running_in_all": running.count(),
        }

    def checks(self, version):
        return [
            Mending(finding, self.mended_at(version, finding))
            for finding in checking.check(version, now=timezone.now())
        ]

    def mended_at(self, version, finding):
        """The page, and the field on it, that this finding is about."""
        if finding.rule_id:
            return f"{reverse('admin:escalations_rule_change', args=[finding.rule_id])}#id_{finding.field}"
        place = f"id_{finding.field}" if finding.field != "levels" else "levels-group"
        if finding.level_number:
            numbers = list(version.levels.order_by("number").values_list("number", flat=True))
            place = f"id_levels-{numbers.index(finding.level_number)}-{finding.field}"
        return f"{self.address('change', version.pk)}#{place}"

    def after_publishing(self, request, version):
        address = super().after_publishing(request, version)
        if request.POST.get("move_open"):
            self._move(request, version)
        return address

    def _move(self, request, version):
        try:
            found = moving.move_escalations(
                version=version,
                by=request.user,
                now=timezone.now(),
                reason=request.POST.get("change_reason", ""),
            )
        except Refused as refused:
            for sentence in refused.messages:
                messages.error(request, sentence)
            return
        words = ngettext(
            "%(number)s running escalation moved to this version.",
            "%(number)s running escalations moved to this version.",
            found.moved,
        )
        messages.info(request, words % {"number": number(found.moved)})
        if found.stayed:
            messages.warning(request, stayed_words(found.stayed, request.user))


def stayed_words(stayed, person):
    """Which escalations stay where they were, and why; cases that are kept from the reader are not named."""
    known = set(
        Case.objects.findable(person)
        .filter(pk__in=[escalation.case_id for escalation in stayed[:NAMED]])
        .values_list("pk", flat=True)
    )
    named = ", ".join(
        _("%(case)s at level %(level)d") % {"case": e.case.number, "level": e.level_number}
        for e in stayed[:NAMED]
        if e.case_id in known
    )
    words = ngettext(
        "%(number)s stays on its version, because this one has no such level: %(named)s.",
        "%(number)s stay on their versions, because this one has no such level: %(named)s.",
        len(stayed),
    )
    more = "…" if len(stayed) > NAMED or not named else ""
    return words % {"number": number(len(stayed)), "named": f"{named}{more}"}
