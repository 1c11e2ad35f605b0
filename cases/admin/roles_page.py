"""What each role may do: the one table of roles as a page. It is code, and changed nowhere else."""

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases import roles
from cases.console import action
from cases.models import Person

WORDS = {
    "case.work": gettext_lazy("Work cases: reply, promise, pause, resolve, escalate"),
    "case.open": gettext_lazy("Bring a new case"),
    "case.find": gettext_lazy("Find any case by number or customer"),
    "case.log": gettext_lazy("Log a call or a note on any case found"),
    "case.read": gettext_lazy("Read the whole of a case"),
    "case.restrict": gettext_lazy("Restrict a case, open it again, name who is on it"),
    "party.clear": gettext_lazy("Say that a complaint is not about somebody after all"),
    "case.read_for_a_reason": gettext_lazy("Read another team’s case for a reason, recorded"),
    "escalation.hold": gettext_lazy("Hold a level of a ladder"),
    "resolution.declare": gettext_lazy("Declare a resolution"),
    "offer.approve": gettext_lazy("Approve offers and refusals, up to their own limit"),
    "rules.read": gettext_lazy("Read calendars, policies, paths and rules"),
    "rules.draft": gettext_lazy("Draft them"),
    "rules.publish": gettext_lazy("Publish them"),
    "people.read": gettext_lazy("See people, teams and rosters"),
    "profile.change": gettext_lazy("Change their own profile and absence"),
    "people.change": gettext_lazy("Keep people, teams and rosters"),
    "customer.read": gettext_lazy("See customers"),
    "customer.change": gettext_lazy("Keep customers"),
    "view.share": gettext_lazy("Share a saved view with a team"),
    "history.read": gettext_lazy("Read the history"),
    "settings.change": gettext_lazy("Change settings and passwords"),
    "dashboard.read": gettext_lazy("Read the dashboard"),
    "engine.watch": gettext_lazy("Watch the engine"),
    "engine.mend": gettext_lazy("Let the engine try again"),
}


# Of these, one's own is oneself.
OF_ONESELF = {"people.read", "profile.change"}


def _reach(name, scope):
    """How far it reaches in words; empty where it does not at all."""
    if scope == roles.Scope.NONE:
        return ""
    return _("themselves") if scope == roles.Scope.OWN and name in OF_ONESELF else scope.label


class RolePages:
    """For the admin of people."""

    @action(description=gettext_lazy("Roles"), url_path="roles", icon="badge", permissions=["view"])
    @method_decorator(require_GET)
    def roles(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        reach = Person.objects.reachable(request.user, "people.read").filter(is_active=True)
        numbers = dict(reach.order_by().values_list("role").annotate(Count("pk")))
        heads = [(role.value, role.label, numbers.get(role.value, 0)) for role in roles.Role]
        rows = [
            (WORDS[name], [_reach(name, granted.get(role, roles.Scope.NONE)) for role in roles.Role])
            for name, granted in roles.MAY.items()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Roles"),
            "opts": self.opts,
            "heads": heads,
            "rows": rows,
            "media": self.media,
        }
        return render(request, "admin/roles.html", context)
