"""Words that cases are gathered by, across teams and categories; managers keep the list of them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.history import History

from .case import Case
from .person import Membership, Person, Team


class Tag(models.Model):
    """One word of the list. Switched off it stays on the cases that have it and is offered for no other."""

    name = models.CharField(_("name"), max_length=40)
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="tag_named_once",
                violation_error_message=_("There is a tag with this name already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="tag_has_a_name"),
        ]

    def __str__(self):
        return self.name


class CaseTagQuerySet(models.QuerySet):
    def on(self):
        """Those that cases have now."""
        return self.filter(removed_at=None)


class CaseTag(models.Model):
    """A tag on a case, from when to when. Taken off it stays as a row: the case's history tells of it."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="tags", verbose_name=_("case"))
    tag = models.ForeignKey(
        Tag, models.PROTECT, related_name="on_cases", db_index=False, verbose_name=_("tag")
    )
    added_at = models.DateTimeField(_("added"))
    removed_at = models.DateTimeField(_("taken off"), null=True, blank=True)
    objects = CaseTagQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("tag on a case")
        verbose_name_plural = _("tags on cases")
        constraints = [
            # Also finds the cases of a tag.
            models.UniqueConstraint(
                fields=["tag", "case"], condition=Q(removed_at=None), name="case_tag_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(removed_at__gte=models.F("added_at")),
                name="case_tag_ends_after_it_began",
            ),
        ]

    def __str__(self):
        return str(self.tag)


class SavedViewQuerySet(models.QuerySet):
    def beside_the_queue_of(self, person):
        """Their own, and what is shared with the teams they are in."""
        teams = Membership.objects.filter(person=person).values("team")
        return self.filter(Q(person=person) | Q(team__in=teams))

    def changeable_by(self, person):
        """Their own; and for who looks after teams, what is shared with one of those."""
        theirs, scope = Q(person=person), roles.scope(person, "view.share")
        if scope == roles.Scope.ALL:
            theirs |= Q(team__isnull=False)
        elif scope == roles.Scope.DEPARTMENT:
            theirs |= Q(team__in=Team.department_of(person))
        return self.filter(theirs)


class SavedView(models.Model):
    """Filters and an order of the queue that a person keeps under a name, and may share with a team.

    It holds a question and no cases: what anybody sees in it is what they may read. Without a history: it
    says how people like to look, and nothing about a case or a customer.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_views", db_index=False)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500, blank=True)
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("shared with"),
    )
    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="saved_view_named_once"),
            # Also finds those of a team.
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=Q(team__isnull=False),
                name="saved_view_named_once_in_a_team",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self):
        return self.name
