"""Who fills the roles of a template, and what a new path is called."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.admin.fields import ReasonField
from cases.console import Widgets
from cases.models import Person, Skill, Team
from escalations.models import EscalationPath

LONGEST = EscalationPath._meta.get_field("name").max_length
NEEDED = _("Choose who this is.")


class NewPathForm(forms.Form):
    """The name of a path that is not there yet."""

    name = forms.CharField(label=_("Name of the path"), max_length=LONGEST, widget=Widgets.Text)
    change_reason = ReasonField()

    def clean_name(self):
        name = self.cleaned_data["name"]
        if EscalationPath.objects.filter(name=name).exists():
            raise forms.ValidationError(
                _("A path is called “%(name)s” already; choose another name.") % {"name": name}
            )
        return name


class RolesForm(NewPathForm):
    """A choice for each role of `template`: of the people, teams and skills that may fill it."""

    def __init__(self, *args, template, **kwargs):
        super().__init__(*args, **kwargs)
        self.template = template
        self.known = _known()
        for role in template.roles:
            self.fields[f"role_{role.key}"] = forms.ChoiceField(
                label=role.name,
                help_text=role.hint,
                choices=[("", "–"), *_choices(role.kinds, self.known)],
                error_messages={"required": NEEDED},
                widget=Widgets.LongChoice,
            )
        self.order_fields(["name", *(f"role_{role.key}" for role in template.roles), "change_reason"])

    def chosen(self):
        """{role key: Person, Team or Skill} of a valid form."""
        return {role.key: self._row(self.cleaned_data[f"role_{role.key}"]) for role in self.template.roles}

    def _row(self, value):
        kind, _sep, pk = value.partition(":")
        return self.known[kind][int(pk)]


def _known():
    """{kind: {id: row}} of whoever may be named. Three queries."""
    return {
        "person": {row.pk: row for row in Person.objects.working().order_by("name")},
        "team": {row.pk: row for row in Team.objects.order_by("name")},
        "skill": {row.pk: row for row in Skill.objects.order_by("name")},
    }


GROUPS = {"team": _("Teams"), "skill": _("On duty for"), "person": _("People")}


def _choices(kinds, known):
    return [
        (words, [(f"{kind}:{pk}", str(row)) for pk, row in known[kind].items()])
        for kind, words in GROUPS.items()
        if kind in kinds
    ]
