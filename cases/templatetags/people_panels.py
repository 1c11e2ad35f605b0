"""What pages of cases show of the people around them: who is here, who is away, who opened what."""

from django import template

from cases.models import CaseReading, Party
from cases.views import others

register = template.Library()


@register.inclusion_tag("cases/_presence.html", takes_context=True)
def presence_of(context, case, now):
    """The line of who else has the case open; the page's script keeps it."""
    request = context["request"]
    return {
        "here": others.others_here(case, request.user, now),
        "case": case,
        "has_changed": False,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def away_from(case, now):
    """Sentences on who of a case's owner and holder is away."""
    return others.away_among({case.owner_id, case.standing.holder_id, case.standing.whose_id}, now)


@register.simple_tag
def opened_reading(case, reader, now):
    """What lets `reader` read another team's case, or None."""
    return CaseReading.objects.open_to(reader, now).filter(case=case).order_by("-until").first()


@register.simple_tag
def here_among(standings, reader, now):
    """{case id: [Presence, …]} for a page of the queue, as a set."""
    return others.here_in_queue([standing.case_id for standing in standings], reader, now)


@register.simple_tag
def named_on(case):
    """The parties of a case as they stand: whom it complains about first, then who has access."""
    named = case.parties.exclude(kind=Party.Kind.FORMER).select_related("person")
    return list(named.order_by("-kind", "person__name", "pk"))
