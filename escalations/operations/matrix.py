"""The rows of the escalation matrix: put in order, switched on and off, duplicated."""

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from cases import display, history, roles
from cases.models import Notice, NoticeKind, Person
from cases.operations import notify
from cases.sets import update_each
from escalations.errors import RuleUnfit, StaleMatrix
from escalations.models import Rule

STEP = 10
LONGEST_NAME = Rule._meta.get_field("name").max_length


def revisions():
    """{rule id: the newest entry of its history}: what a page has seen of the matrix. Ask before the rules
    themselves, so that a change in between is taken for news and never missed."""
    newest = Rule.history.values_list("id").annotate(Max("history_id")).order_by()
    there = set(Rule.objects.values_list("pk", flat=True))
    return {pk: entry for pk, entry in newest if pk in there}


def reorder(*, order, seen, by, now, reason=""):
    """Ask the rules in the given `order` of their ids, from now on; `seen` is what `revisions` said when they
    were shown. Returns the rules that moved.

    Raises StaleMatrix where a rule was added, changed, moved or deleted since, with a sentence for each, or
    where `order` leaves one out.
    """
    with history.acting(by=by, reason=reason or _("matrix put in order"), now=now):
        rules = {rule.pk: rule for rule in Rule.objects.select_for_update(no_key=True).order_by("pk")}
        if changes := _since(seen, rules, now):
            raise StaleMatrix(changes)
        if sorted(order) != sorted(rules):
            raise StaleMatrix(_("This order does not name each rule once; load the page again."))
        moved = _place([rules[pk] for pk in order])
        update_each(moved, ["position"])
        if moved:
            tell(by=by, now=now)
        history.forget()
    return moved


def _place(ordered):
    """Give the rules positions in which they are asked in this order; return those whose position changed.

    They trade the positions that there are, so that a rule that stays in its place is not written.
    """
    places = sorted(rule.position for rule in ordered)
    if len(set(places)) < len(places):
        places = [number * STEP for number in range(1, len(ordered) + 1)]
    moved = []
    for rule, place in zip(ordered, places, strict=True):
        if rule.position != place:
            rule.position = place
            moved.append(rule)
    return moved


def _since(seen, rules, now):
    """A sentence for each rule that is not as it was `seen`."""
    current = revisions()
    differ = {pk for pk in current.keys() | seen.keys() if current.get(pk) != seen.get(pk)}
    newest = {}
    for entry in Rule.history.filter(id__in=differ).order_by("history_id"):
        newest[entry.id] = entry
    names = dict(
        Person.objects.filter(pk__in={entry.history_user_id for entry in newest.values()}).values_list(
            "pk", "name"
        )
    )
    found = []
    for pk, entry in sorted(newest.items(), key=lambda item: item[1].history_id):
        words = {
            "rule": entry.name,
            "who": names.get(entry.history_user_id) or _("the desk"),
            "when": display.moment(entry.history_date, now),
        }
        if pk not in rules:
            found.append(_("“%(rule)s” was deleted by %(who)s, %(when)s.") % words)
        elif pk not in seen:
            found.append(_("“%(rule)s” was added by %(who)s, %(when)s.") % words)
        else:
            found.append(_("“%(rule)s” was changed by %(who)s, %(when)s.") % words)
    return found


def switch(*, rule, is_active, by, now, reason=""):
    """Let `rule` be asked from now on, or no longer.

    Raises RuleUnfit where it is so already, or where it would start what is not published.
    """
    words = _("rule switched on") if is_active else _("rule switched off")
    with history.acting(by=by, reason=reason or words, now=now):
        rule = (
            Rule.objects.select_for_update(no_key=True, of=("self",)).select_related("path").get(pk=rule.pk)
        )
        if rule.is_active == is_active:
            said = _("“%(rule)s” is on already.") if is_active else _("“%(rule)s” is off already.")
            raise RuleUnfit(said % {"rule": rule.name})
        if is_active:
            _require_fit(rule)
        rule.is_active = is_active
        rule.save(update_fields=["is_active"])
        tell(rule=rule, by=by, now=now)
        history.forget()
    return rule


def _require_fit(rule):
    try:
        rule.clean()
    except ValidationError as error:
        raise RuleUnfit(error.messages) from error
    if not rule.path.is_active:
        raise RuleUnfit(_("“%(path)s” is switched off; switch it on first.") % {"path": rule.path})


def tell(*, by, now, rule=None):
    """Tell those who work on cases that `rule`, or without one the order of all, is not what it was.

    Once: whoever has not read of an earlier change yet finds this one there as well.
    """
    unread = Notice.objects.unread().filter(kind=NoticeKind.MATRIX_CHANGED, channel=Notice.Channel.IN_APP)
    people = (
        Person.objects.working()
        .filter(role__in=roles.who_may("case.work"))
        .exclude(pk=by.pk)
        .exclude(pk__in=unread.values("person"))
    )
    about = Rule.history.latest("history_id").history_id
    facts = {"who": by.name, "what": rule.name if rule is not None else ""}
    notify.queue(
        [
            notify.Wanted(NoticeKind.MATRIX_CHANGED, None, about=str(about), person=person, facts=facts)
            for person in people
        ],
        now=now,
    )


def duplicate(*, rule, by, now, reason=""):
    """A rule that says what `rule` says, switched off, asked right after it once it is switched on."""
    with history.acting(by=by, reason=reason or _("rule duplicated"), now=now):
        rule = Rule.objects.select_for_update(no_key=True, of=("self",)).get(pk=rule.pk)
        fields = {
            f.attname: getattr(rule, f.attname) for f in Rule._meta.concrete_fields if not f.primary_key
        }
        name = _("%(name)s (copy)") % {"name": rule.name[: LONGEST_NAME - 12]}
        return Rule.objects.create(**{**fields, "name": name[:LONGEST_NAME], "is_active": False})
