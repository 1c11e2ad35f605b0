"""The words and marks every page shares: times, pills, initials, the frame around the page."""

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from cases import display, roles
from cases.models import Notice, PersonPreference
from cases.navigation import sections

register = template.Library()


@register.simple_tag
def moment(at, now, form=""):
    """An instant in the reader's zone; see display.moment."""
    return display.moment(at, now, form) if at else ""


@register.filter
def moment_of(at, now):
    """An instant with its day, in the reader's zone; for where a tag cannot stand."""
    return display.moment(at, now, "day") if at else ""


@register.filter
def clock_name(clock):
    """What a clock measures; see display.clock_name."""
    return display.clock_name(clock)


@register.filter
def city(zone):
    """The place a zone is named after; see display.zone_city."""
    return display.zone_city(zone)


@register.filter
def duration(seconds, form=""):
    """So many seconds in words; see display.duration."""
    return display.duration(seconds, form)


@register.inclusion_tag("components/pill.html")
def pill(shown):
    """A display.Pill."""
    return {"pill": shown}


@register.filter
def initials(name):
    return "".join(part[0] for part in str(name).replace("«", "").split()[:2]).upper()


@register.filter
def counted(number):
    """1, 2, … number: for marks that are drawn so many times."""
    return range(1, int(number or 0) + 1)


@register.filter
def at(mapping, key):
    """mapping[key], or nothing."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def querystring_with(context, **changes):
    """This page's query string with some of its values changed; an empty value leaves the name out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else context["request"].path


@register.simple_tag(takes_context=True)
def drop_from_query(context, name):
    """This page's address without one name in its query."""
    return querystring_with(context, **{name: "", "after": "", "before": ""})


@register.simple_tag
def chosen_of(field):
    """What a filter is set to, in words; "any" when it is not."""
    chosen = {
        str(value) for value in ([field.data] if isinstance(field.data, str) else field.data or []) if value
    }
    if not chosen:
        return _("any")  # and no choices are read for it
    words = [
        word
        for _name, options, _index in field.field.widget.optgroups(field.name, sorted(chosen))
        for word in [str(option["label"]) for option in options if option["selected"]]
    ]
    return ", ".join(words) or _("any")


@register.simple_tag(takes_context=True)
def shell(context):
    """What the frame shows: navigation by role, the count on the bell, the desk's time."""
    request = context.get("request")
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {"now": timezone.now(), "person": None}
    choice = PersonPreference.of(person)
    return {
        "now": context.get("now") or timezone.now(),
        "person": person,
        "sections": sections(
            request,
            counted=not context.get("rail"),
            reader=getattr(context.get("asked"), "reader", None),
        ),
        "theme": choice.theme if choice else "",
        "keys": "off" if choice and not choice.single_keys else "on",
        "unread": Notice.objects.unread_by(person, most=100),
        "may_find": roles.may(person, "case.find"),
        "may_work": roles.may(person, "case.work"),
        "may_open": roles.may(person, "case.open"),
        "may_log": roles.may(person, "case.log"),
    }


@register.simple_tag
def you_or(person, reader):
    """Names before roles; and one's own name is "You"."""

    return _("You") if person and reader and person.pk == reader.pk else person


@register.simple_tag
def changed(old, new):
    """A field's old value struck out, an arrow, the new one."""
    return format_html("<del>{}</del> → <ins>{}</ins>", old, new)
