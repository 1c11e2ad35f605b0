"""The console's sidebar and first page: the tables in the order of the work, and what waits for somebody."""

from functools import cache

from django.apps import apps
from django.contrib import admin
from django.urls import get_script_prefix, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cases import configuration, roles

# (heading, [(model, icon)]): icons by their name in the console's own icon font.
GROUPS = (
    (
        _("Work"),
        (
            ("cases.Case", "inbox"),
            ("escalations.Escalation", "stairs"),
            ("escalations.Handoff", "handshake"),
            ("cases.Clock", "timer"),
            ("cases.Promise", "flag"),
            ("cases.Decision", "balance"),
            ("cases.Message", "chat"),
        ),
    ),
    (
        _("Rules"),
        (
            ("escalations.EscalationPath", "stairs_2"),
            ("escalations.BackTest", "experiment"),
            ("escalations.Rule", "account_tree"),
            ("escalations.Option", "healing"),
            ("escalations.EscalationReason", "help"),
            ("cases.SlaPolicy", "verified"),
            ("cases.PackVersion", "gavel"),
            ("cases.Calendar", "calendar_month"),
            ("cases.Recalculation", "update"),
            ("cases.IntakeRule", "alt_route"),
            ("cases.Category", "category"),
            ("cases.Tag", "sell"),
            ("cases.Question", "quiz"),
            ("cases.PauseReason", "pause_circle"),
            ("cases.Cause", "troubleshoot"),
            ("cases.ReplyTemplate", "quick_phrases"),
        ),
    ),
    (
        _("People"),
        (
            ("cases.Person", "person"),
            ("cases.Team", "groups"),
            ("cases.Skill", "school"),
            ("cases.Duty", "event_available"),
            ("cases.Absence", "event_busy"),
        ),
    ),
    (
        _("Customers"),
        (
            ("cases.Customer", "apartment"),
            ("cases.Contact", "contact_phone"),
            ("cases.Service", "deployed_code"),
        ),
    ),
    (
        _("Engine"),
        (
            ("cases.Timer", "alarm"),
            ("cases.EnginePass", "bolt"),
            ("cases.TimerRepair", "build"),
            ("cases.ReconcilerRound", "sync"),
            ("cases.Notice", "outgoing_mail"),
            ("escalations.Replay", "history"),
        ),
    ),
)


def navigation(request):
    """Groups of links for Unfold's sidebar; what the reader may not see is left out."""
    groups = [
        {"title": heading, "items": [item for label, icon in rows for item in _item(request, label, icon)]}
        for heading, rows in GROUPS
    ]
    if configuration.open_to(request.user):
        address = reverse("configuration-history")
        groups[1]["items"].append(
            {
                "title": _("History of the configuration"),
                "icon": "manage_history",
                "link": address,
                "active": request.path == address,
            }
        )
    return groups


def _item(request, label, icon):
    model = apps.get_model(label)
    options, pages = model._meta, admin.site.get_model_admin(model)
    if not pages.has_view_permission(request):
        return
    link, own = _addresses(model, getattr(pages, "entrance", "changelist"), get_script_prefix())
    yield {
        "title": capfirst(options.verbose_name_plural),
        "icon": icon,
        "link": link,
        "active": request.path.startswith(own),
    }


@cache
def _addresses(model, entrance, prefix):
    """(where the link of `model` leads, the beginnings of what belongs to it): sixty on every page of the
    console, and the same ones under one `prefix`.

    What has a better page to come in by than its list says so, as its `entrance`. A version's pages belong to
    the link of what it is a version of.
    """
    own = [model, *([model.versions.rel.related_model] if hasattr(model, "versions") else [])]
    return _address(model, entrance), tuple(_address(one, "changelist") for one in own)


def _address(model, page):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


# On the first page: drafts that nobody published, proposals that nobody switched on, timers that cannot run.
VERSIONS = ("escalations.PathVersion", "cases.SlaPolicyVersion", "cases.CalendarVersion")
SWITCHED = (
    "escalations.Rule",
    "escalations.Option",
    "escalations.EscalationReason",
    "cases.IntakeRule",
    "cases.Category",
    "cases.Tag",
    "cases.Service",
    "cases.PauseReason",
    "cases.Cause",
    "cases.ReplyTemplate",
)
AT_MOST = 20
# Where the day itself is looked at: (may, name, what is seen there, address).
DOORS = (
    (
        "dashboard.read",
        _("Dashboard"),
        _("what needs a decision, what will be late, how it has been going"),
        "dashboard",
    ),
    ("engine.watch", _("Watchdog"), _("whether the engine keeps its word"), "watchdog"),
    (
        "people.read",
        _("Turns of duty"),
        _("who is called this week, and when nobody is"),
        "admin:cases_duty_roster",
    ),
    ("people.read", _("Absences"), _("who is away, and who stands in"), "admin:cases_absence_calendar"),
)


def index(request, context):
    """Adds to the first page where the day is looked at, and what waits: doors [(name, says, address)],
    waits [(heading, [(kind, row, address)])]."""
    waits = (
        (_("Drafts"), _waiting(request, VERSIONS, published_at=None)),
        (_("Switched off"), _waiting(request, SWITCHED, is_active=False)),
        (_("Timers set aside"), _waiting(request, ("cases.Timer",), state="set_aside")),
    )
    doors = [
        (name, says, reverse(address))
        for action, name, says, address in DOORS
        if roles.may(request.user, action)
    ]
    return context | {"doors": doors, "waits": [(heading, rows) for heading, rows in waits if rows]}


def _waiting(request, labels, **conditions):
    found = []
    for label in labels:
        model = apps.get_model(label)
        pages, options = admin.site.get_model_admin(model), model._meta
        if pages.has_view_permission(request):
            rows = pages.get_queryset(request).filter(**conditions).order_by("-pk")[:AT_MOST]
            name = f"admin:{options.app_label}_{options.model_name}_change"
            found += [(options.verbose_name, row, reverse(name, args=[row.pk])) for row in rows]
    return found
