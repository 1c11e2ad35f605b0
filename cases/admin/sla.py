"""SLA policies: their versions with conditions and targets."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.console import action
from cases.errors import Refused
from cases.models import SlaPolicy, SlaPolicyVersion, SlaTarget
from cases.operations import migrating, publishing
from cases.states import Metric, Priority

from .calendars import PartAdmin
from .fields import Terms
from .moving import MoveForm, WhichCases, in_words
from .recalculations import tell
from .versions import PartInline, Parts, VersionAdmin, VersionsInline, WholeAdmin, posted
from .which_policy import PolicyPages


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
class SlaPolicyAdmin(PolicyPages, WholeAdmin):
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
    actions_detail = ("publish", "compare", "move_cases", "new_draft")

    def effects(self, version):
        return [_("It serves cases received from then on; open cases keep the version they have.")]

    def offered_on(self, version):
        offered = [name for name in super().offered_on(version) if name != "move_cases"]
        return [*offered, "move_cases"] if version is not None and self._is_in_force(version) else offered

    def _is_in_force(self, version):
        return version.pk in {row.pk for row in SlaPolicyVersion.objects.in_force(timezone.now())}

    @action(
        description=gettext_lazy("Move open cases here…"),
        url_path="move",
        icon="move_down",
        permissions=["publish"],
    )
    def move_cases(self, request, object_id):
        """Which cases, what that would change, and then the button."""
        version = self.version_or_404(request, object_id)
        if not self._is_in_force(version):
            raise PermissionDenied
        which = WhichCases(request.GET or None, version=version)
        form = MoveForm(posted(request))
        found, refusals = None, ()
        if which.is_bound and which.is_valid():
            given = {"to_version": version, "by": request.user, "now": timezone.now(), **which.chosen()}
            try:
                if request.method == "POST" and form.is_valid():
                    reason = form.cleaned_data["change_reason"]
                    job = migrating.migrate_cases(reason=reason, **given)
                    messages.success(request, _("The cases move to %(version)s.") % {"version": version})
                    return redirect(tell(request, job) or self.address("change", version.pk))
                found = in_words(migrating.preview(**given))
            except Refused as refused:
                refusals = refused.messages
        return self.ask(
            request,
            version,
            form,
            which=which,
            found=found,
            refusals=refusals,
            template="admin/move_cases.html",
            title=_("Move open cases to %(version)s") % {"version": version},
            button=_("Move them"),
        )


@admin.register(SlaTarget)
class SlaTargetAdmin(PartAdmin):
    list_display = ("version", "metric", "priority", "term_seconds", "calendar")
    list_select_related = ("version__policy", "calendar")
