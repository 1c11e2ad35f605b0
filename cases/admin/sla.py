"""SLA policies: their versions with conditions and targets."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cases.models import SlaPolicy, SlaPolicyVersion, SlaTarget
from cases.operations import publishing
from cases.states import Metric, Priority

from .calendars import PartAdmin
from .fields import Terms
from .versions import PartInline, Parts, VersionAdmin, VersionsInline, WholeAdmin


class Targets(Parts):
    key = ("metric", "priority")

    def clean(self):
        """The database refuses it as well; here it is said which."""
        super().clean()
        seen = set()
        for row in self.said():
            key = tuple(row[name] for name in self.key)
            if key in seen:
                words = {"metric": Metric(key[0]).label, "priority": _priority(key[1])}
                raise ValidationError(_("“%(metric)s” has two targets for %(priority)s; keep one.") % words)
            seen.add(key)


def _priority(value):
    return _("any priority") if value in (None, "") else Priority(int(value)).label


class TargetInline(Terms, PartInline):
    model = SlaTarget
    formset = Targets
    terms = ("term_seconds",)
    ordering = ("metric", "-priority")
    fields = ("metric", "priority", "term_seconds", "calendar", "at_risk_percent", "ends_on")


class PolicyVersionsInline(VersionsInline):
    model = SlaPolicyVersion
    fk_name = "policy"


@admin.register(SlaPolicy)
class SlaPolicyAdmin(WholeAdmin):
    list_display = ("position", "name", "is_active", "is_default")
    list_display_links = ("name",)
    search_fields = ("name",)
    # In the order in which they are asked: the default one comes last.
    ordering = ("is_default", "position", "pk")
    inlines = (PolicyVersionsInline,)


@admin.register(SlaPolicyVersion)
class SlaPolicyVersionAdmin(VersionAdmin):
    whole = "policy"
    operation = publishing.publish_policy
    findings = publishing.policy_findings
    list_display = ("policy", "number", "state", "effective_at", "published", "note")
    list_filter = ("policy",)
    inlines = (TargetInline,)

    def effects(self, version):
        return [_("It serves cases received from then on; open cases keep the version they have.")]


@admin.register(SlaTarget)
class SlaTargetAdmin(PartAdmin):
    list_display = ("version", "metric", "priority", "term_seconds", "calendar")
    list_select_related = ("version__policy", "calendar")
