"""What is done to many cases at once, and the tags of one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import CaseTag, Person, Tag, Team
from cases.states import Priority

from .fields import CaseForm, say_what_is_needed, text

KEEP, NONE = "", "none"


class Choices(forms.ModelMultipleChoiceField):
    def __init__(self, **kwargs):
        super().__init__(widget=forms.CheckboxSelectMultiple, required=False, **kwargs)


class TagsForm(CaseForm):
    """The tags of one case, all that may be on it to be ticked."""

    tags = Choices(label=_("Tags"), queryset=Tag.objects.none())

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        self.on = set(CaseTag.objects.on().filter(case=case).values_list("tag", flat=True))
        offered = Tag.objects.filter(is_active=True) | Tag.objects.filter(pk__in=self.on)
        self.fields["tags"].queryset = offered.order_by("name")
        self.initial.setdefault("tags", self.on)

    def clean(self):
        """`add` and `remove`: the tags to put on and to take off, by what was ticked."""
        said = super().clean()
        ticked = set(said.get("tags", ()))
        said["add"] = [tag for tag in ticked if tag.pk not in self.on]
        said["remove"] = [tag for tag in self.fields["tags"].queryset if tag.pk in self.on - _ids(ticked)]
        return said


def _ids(rows):
    return {row.pk for row in rows}


class ManyForm(forms.Form):
    """Words for one operation on each of many cases."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)


def _one_of(label, word_for_none):
    return forms.ChoiceField(
        label=label, required=False, choices=[(KEEP, _("leave as it is")), (NONE, word_for_none)]
    )


class AssignManyForm(ManyForm):
    team = _one_of(_("Team"), _("none: unrouted"))
    owner = _one_of(_("Owner"), _("nobody yet"))
    reason = text(_("Why"), rows=2, help_text=_("one sentence is enough"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = {
            "team": Team.objects.filter(is_active=True).order_by("name"),
            "owner": Person.objects.working().order_by("name"),
        }
        for name, rows in self.rows.items():
            self.fields[name].choices += [(str(row.pk), row.name) for row in rows]

    def clean(self):
        said = super().clean()
        if not self.errors and said["team"] == said["owner"] == KEEP:
            raise forms.ValidationError(_("Choose another team, another owner, or both."))
        return said

    def changes(self):
        """{"team": …, "owner": …} of what is to change; None takes it away."""
        chosen = {name: self.cleaned_data[name] for name in self.rows if self.cleaned_data[name] != KEEP}
        return {
            name: None if value == NONE else self.rows[name].get(pk=value) for name, value in chosen.items()
        }


class TagManyForm(ManyForm):
    add = Choices(label=_("Put on"), queryset=Tag.objects.filter(is_active=True).order_by("name"))
    remove = Choices(label=_("Take off"), queryset=Tag.objects.order_by("name"))

    def clean(self):
        said = super().clean()
        if not self.errors and not said["add"] and not said["remove"]:
            raise forms.ValidationError(_("Choose at least one tag to put on or to take off."))
        return said


class PriorityManyForm(ManyForm):
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)
    reason = text(_("Why"), rows=2)


class ReasonForManyForm(ManyForm):
    reason = text(_("Why"), rows=3)
