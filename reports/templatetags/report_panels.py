"""What reports add to the pages of cases: what happened, in sentences, among what was said."""

from django import template
from django.utils import timezone

from reports import meanwhile
from reports.timeline import events

register = template.Library()
# How many lines of history the case page tells at once; the rest is a click away.
RECENT = 60


@register.simple_tag
def timeline(case, messages, tab, may_read):
    """[("message", Message) or ("event", Event), …] of the chosen tab, the earliest first."""
    entries = [(message.occurred_at, 0, "message", message) for message in messages]
    if may_read and tab == "":
        since = messages[0].occurred_at if messages else None
        happened = [
            event
            for event in events(case)
            if not event.is_beside_message and (since is None or event.at >= since)
        ]
        entries += [(event.at, 1, "event", event) for event in happened[-RECENT:]]
    return [(kind, item) for _at, _rank, kind, item in sorted(entries, key=lambda entry: entry[:2])]


@register.simple_tag
def latest_events(case, number=5):
    """The last things that happened, the newest first."""
    return events(case)[-number:][::-1]


@register.inclusion_tag("reports/_meanwhile.html")
def meanwhile_beside(form):
    """What changed while somebody wrote, beside what they wrote: of a form that was refused as stale."""
    now = timezone.now()
    return {"form": form, "case": form.case, "now": now, "meanwhile": meanwhile.of(form, now)}


@register.simple_tag
def history_of(case):
    """Everything that happened, the earliest first."""
    return events(case)
