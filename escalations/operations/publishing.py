"""Put a draft of an escalation path in force: checked as a whole, for cases that start on it from then on."""

from django.conf import settings
from django.utils.translation import gettext as _

from cases import history, history_pages
from cases.errors import InThePast, WrongMove
from cases.models import Person
from cases.roles import who_may
from escalations import checking
from escalations.errors import ChangedMeanwhile, NeedsAnother, Unpublishable
from escalations.models import Level, LevelInform, LevelStep, PathVersion


def findings(version, *, now):
    """What speaks against publishing `version`: a sentence each, that says what to change."""
    return [finding.sentence for finding in checking.check(version, now=now) if finding.blocks]


# --- What was looked at -----------------------------------------------------------------------------------


def edition(version):
    """A text that stays the same while nobody changes the draft or a part of it."""
    newest = [
        rows.order_by("-history_id").values_list("history_id", flat=True).first()
        for _m, rows in _past(version)
    ]
    return "-".join(str(pk or 0) for pk in newest)


def _past(version):
    """[(model, its history rows of this version)]."""
    levels = Level.history.filter(version_id=version.pk)
    return [
        (PathVersion, PathVersion.history.filter(id=version.pk)),
        (Level, levels),
        (LevelInform, LevelInform.history.filter(level_id__in=levels.values("id"))),
        (LevelStep, LevelStep.history.filter(level_id__in=levels.values("id"))),
    ]


def changes_since(version, seen):
    """Sentences: who changed what of `version` after the edition `seen`."""
    parts = seen.split("-")
    if len(parts) != len(_past(version)) or not all(part.isdecimal() for part in parts):
        return []
    found = []
    for (model, rows), last in zip(_past(version), parts, strict=True):
        records = list(rows.filter(history_id__gt=int(last)).order_by("-history_id"))
        for pk in sorted({record.id for record in records}):
            mine = [record for record in records if record.id == pk]
            history_pages.describe(model, mine)
            found += [(record.history_date, _in_words(model, record)) for record in mine]
    return [sentence for _at, sentence in sorted(found, key=lambda row: row[0])]


def _in_words(model, record):
    what = str(record.instance) if model is not PathVersion else _("the draft")
    words = {"who": record.who, "what": what}
    if record.history_type == "-":
        return _("%(who)s deleted %(what)s.") % words
    changes = ", ".join(f"{c['field']} {c['old']} → {c['new']}".replace("  ", " ") for c in record.changes)
    if record.history_type == "+":
        return _("%(who)s added %(what)s.") % words
    return _("%(who)s changed %(what)s: %(changes)s.") % {**words, "changes": changes}


def changed_by(version):
    """The ids of everybody who changed the draft or a part of it."""
    return {
        pk
        for _model, rows in _past(version)
        for pk in rows.values_list("history_user_id", flat=True).distinct()
    }


def _require_another(version, by):
    """Where the house asks for a second manager, who changed the draft does not publish it."""
    if not settings.PATHS_NEED_TWO or isinstance(by, history.SystemActor):
        return
    changed = changed_by(version)
    if by.pk not in changed:
        return
    others = Person.objects.working().filter(role__in=who_may("rules.publish")).exclude(pk__in=changed)
    names = ", ".join(others.order_by("name").values_list("name", flat=True)[:5])
    if names:
        raise NeedsAnother(
            _("You changed this draft, so another escalation manager approves and publishes it: %(names)s.")
            % {"names": names}
        )
    raise NeedsAnother(
        _(
            "Every escalation manager changed this draft, so none can approve it. Begin a new draft from it,"
            " and let another one publish that."
        )
    )


# --- In force ---------------------------------------------------------------------------------------------


def publish_path(*, version, by, now, effective_at=None, reason="", seen=None):
    """Publish a draft from `effective_at` (else `now`) on; open escalations stay on their version.

    `seen`: the edition that was looked at. Raises Unpublishable with every finding, InThePast for an instant
    before the newest version in force, ChangedMeanwhile with the differences if it is another edition now,
    NeedsAnother where a second manager approves.
    """
    effective_at = effective_at or now
    with history.acting(by=by, reason=reason or _("path published"), now=now):
        version = (
            PathVersion.objects.select_for_update(no_key=True, of=("self",))
            .select_related("path")
            .get(pk=version.pk)
        )
        if version.published_at is not None:
            raise WrongMove(
                _("Version %(number)d is published already and never changes; make a new version.")
                % {"number": version.number}
            )
        if seen is not None and seen != edition(version):
            raise ChangedMeanwhile(
                [
                    _("This draft was changed while you looked at it; read what changed, and publish again."),
                    *changes_since(version, seen),
                ]
            )
        _require_another(version, by)
        if found := findings(version, now=now):
            raise Unpublishable(found)
        earlier = version.path.versions.exclude(published_at=None).order_by("-effective_at").first()
        if earlier is not None and effective_at < max(now, earlier.effective_at):
            raise InThePast(
                _("Version %(number)d is in force; let this one begin now or later.")
                % {"number": earlier.number}
            )
        version.effective_at, version.published_at, version.published_by_id = effective_at, now, by.pk
        version.save()
        history.forget()
    return version
