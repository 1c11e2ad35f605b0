"""What others did to a case while somebody was writing, beside what that somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from cases import display, meanwhile
from cases.models import Message
from reports.timeline import events


@dataclass(frozen=True)
class Meanwhile:
    """`entries`: [("message", Message) or ("event", Event), …], the earliest first; `yours`: [(label, words),
    …]."""

    entries: list
    yours: list


def of(form, now):
    """The Meanwhile of a refused form about a case (cases.forms.CaseForm) that was refused as stale."""
    since = meanwhile.since(form.case, form.seen)
    entries = []
    if since is not None:
        entries = [(event.at, 1, "event", event) for event in events(form.case, since=since)]
        entries += [(message.occurred_at, 0, "message", message) for message in _messages(form.case, since)]
    told = [(kind, item) for _at, _rank, kind, item in sorted(entries, key=lambda entry: entry[:2])]
    yours = [(label, _in_words(value, field, now)) for label, value, field in form.typed()]
    return Meanwhile(told, yours)


def _messages(case, since):
    mine = Message.objects.filter(case=case)
    rows = Message.history.filter(
        id__in=mine.values("pk"),
        history_type="+",
        history_recorded_at__gt=since.recorded_after,
        history_date__gte=since.from_then,
    )
    return list(mine.filter(pk__in=rows.values("id")).select_related("author", "contact").order_by("pk"))


def _in_words(value, field, now):
    """What was typed, as a form's reader knows it: the words of a choice, a time in their zone."""
    if isinstance(value, datetime):
        return display.moment(value, now, "day")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, list | tuple | QuerySet):
        return ", ".join(_in_words(one, field, now) for one in value)
    words = {
        str(key): word for key, word in getattr(field, "choices", ()) if not isinstance(word, list | tuple)
    }
    return str(words.get(str(value), value))
