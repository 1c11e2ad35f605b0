"""A checklist as it is typed: one step a line."""

from django import forms
from django.utils.translation import gettext as _

from cases.console import Widgets
from escalations.models import Kind, LevelStep

# More is no checklist any more.
STEPS_AT_MOST = 20
LONGEST = LevelStep._meta.get_field("text").max_length
REQUIRED = "!"
KINDS = ("", *Kind.values)


def field_name(kind):
    return f"steps_{kind or 'any'}"


class StepsField(forms.CharField):
    """[(text, whether it is required)]; a line that begins with ! is required."""

    def __init__(self, **kwargs):
        super().__init__(required=False, widget=Widgets.Lines(attrs={"rows": 2}), **kwargs)

    def clean(self, value):
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        found = {}
        for line in filter(None, lines):
            text = line.removeprefix(REQUIRED).strip()
            if not text:
                raise forms.ValidationError(_("After “!” comes the step that is required."))
            if len(text) > LONGEST:
                raise forms.ValidationError(
                    _("A step has at most %(number)d characters: “%(step)s…”")
                    % {"number": LONGEST, "step": text[:40]}
                )
            if text in found:
                raise forms.ValidationError(
                    _("“%(step)s” stands there twice; once is enough.") % {"step": text}
                )
            found[text] = line.startswith(REQUIRED)
        if len(found) > STEPS_AT_MOST:
            raise forms.ValidationError(
                _("A checklist has at most %(number)d steps.") % {"number": STEPS_AT_MOST}
            )
        return list(found.items())


def typed(steps):
    """As StepsField reads it, of LevelSteps in order."""
    return "\n".join(f"{REQUIRED} {step.text}" if step.is_required else step.text for step in steps)


def typed_steps(data, row, kind):
    """LevelSteps, unsaved, as far as `data` (what a browser sends) can be read for the inputs of `row`."""
    for line in data.get(row + field_name(kind), "").splitlines():
        text = " ".join(line.strip().removeprefix(REQUIRED).split())
        if text:
            yield LevelStep(kind=kind, text=text[:LONGEST], is_required=line.strip().startswith(REQUIRED))


def save_steps(level, wanted):
    """Write {kind: [(text, is_required)]} as the steps of a draft's `level`; what stays is not written."""
    there = {(step.kind, step.text): step for step in level.steps.all()}
    kept = set()
    for kind, steps in wanted.items():
        for position, (text, is_required) in enumerate(steps, 1):
            step = there.get((kind, text)) or LevelStep(level=level, kind=kind, text=text)
            kept.add((kind, text))
            if (step.position, step.is_required) != (position, is_required) or step.pk is None:
                step.position, step.is_required = position, is_required
                step.save()
    gone = [step.pk for key, step in there.items() if key not in kept]
    if gone:
        level.steps.filter(pk__in=gone).delete()
