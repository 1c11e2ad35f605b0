"""How a case stands to others: linked, merged, split; and what was tried on it."""

from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from cases.models import Ask, Attachment, CaseLink, Category, Decision, Message, Question, Service
from cases.operations.relating import BY_HAND

from .fields import CaseForm, text
from .opening import answer_field


def number():
    return forms.CharField(
        label=_("The other case"), max_length=20, help_text=_("its number, such as C-20418")
    )


class LinkForm(CaseForm):
    kind = forms.ChoiceField(
        label=_("This case is"), choices=[(kind.value, CaseLink.Kind(kind).label) for kind in BY_HAND]
    )
    number = number()
    reason = forms.CharField(label=_("Why"), max_length=300, required=False)


class MergeForm(CaseForm):
    number = number()
    reason = forms.CharField(
        label=_("How you know that both are about the same"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SplitForm(CaseForm):
    subject = forms.CharField(label=_("Subject of the new case"), max_length=200)
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("as this case"),
    )
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), required=False, empty_label=_("as this case")
    )
    messages = forms.ModelMultipleChoiceField(
        label=_("What goes over"),
        queryset=Message.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("copies; the originals stay here"),
    )
    files = forms.ModelMultipleChoiceField(
        label=_("Files that go with them"),
        queryset=Attachment.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    asks = forms.ModelMultipleChoiceField(
        label=_("Asks that go over"),
        queryset=Ask.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("decided on the new case alone; what is decided already stays here"),
    )
    reason = forms.CharField(label=_("Why"), max_length=300, required=False)

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        self.fields["files"].queryset = Attachment.objects.filter(message__case=case).order_by("pk")
        decided = Decision.objects.current().filter(ask=OuterRef("pk"))
        undecided = case.asks.filter(~Exists(decided), goes_on_as=None)
        self.fields["asks"].queryset = undecided.order_by("position")
        self.fields["messages"].queryset = case.messages.select_related("author", "contact").order_by(
            "occurred_at", "pk"
        )
        self.fields["messages"].queryset = self.fields["messages"].queryset.prefetch_related("attachments")
        self.fields["service"].queryset = (
            Service.objects.filter(subscriptions__customer=case.customer_id).distinct().order_by("name")
        )

    @property
    def chosen_files(self):
        """The ids of the files that are ticked, as they came."""
        return [str(pk) for pk in self["files"].value() or ()]


class AnswersForm(CaseForm):
    """The questions of the case's category, with what is known; nothing must be answered at once."""

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        known = dict(case.question_answers.values_list("question", "value"))
        self.questions = list(Question.objects.asked_of(case.category))
        for question in self.questions:
            field = answer_field(question)
            field.required, field.initial = False, known.get(question.pk)
            self.fields[f"q-{question.pk}"] = field


class AttemptForm(CaseForm):
    tried = text(_("What was tried"), rows=3, help_text=_("one a line"))
