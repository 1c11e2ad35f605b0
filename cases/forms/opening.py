"""A new case, and a new customer."""

from datetime import date
from uuid import uuid4

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cases.choices import time_zone_choices
from cases.models import Category, Channel, Contact, Question, Service, TriggerKind
from cases.priorities import Weight

from .fields import Moment, say_what_is_needed, text
from .once import Key

MOST_ASKS = 20
# What a customer may ask for or show in a call, as RULES 4 lists it.
ASKS = [
    TriggerKind.ASKED_SUPERVISOR,
    TriggerKind.ASKED_OTHER_AGENT,
    TriggerKind.THREAT,
    TriggerKind.SAFETY,
    TriggerKind.VULNERABLE,
    TriggerKind.STATED_NEED,
]


def lines(label, **kwargs):
    """Several things, one a line."""
    return text(label, rows=2, required=False, help_text=_("one a line"), **kwargs)


class MakingForm(forms.Form):
    """Makes a case, once: it carries a key of its own."""

    key = Key(widget=forms.HiddenInput, required=False, initial=uuid4)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)


def offer_contacts(form, customer):
    """Whom we know there; who is the only one is on the line until somebody says otherwise."""
    field, contacts = form.fields["contact"], customer.contacts.filter(is_active=True)
    field.queryset = contacts.order_by("name", "pk")
    known = list(field.queryset)
    # Read once: a select by itself asks again for every time that it is looked at.
    field.choices = [("", field.empty_label), *((contact.pk, str(contact)) for contact in known)]
    if len(known) == 1 and "contact" not in form.initial:
        form.initial["contact"] = known[0].pk


class NewCaseForm(MakingForm):
    """A case of one customer, who was chosen before. In the order in which a conversation goes."""

    contact = forms.ModelChoiceField(
        label=_("Who came to us"), queryset=Contact.objects.none(), required=False, empty_label=_("not known")
    )
    channel = forms.ChoiceField(label=_("By"), choices=Channel.choices, initial=Channel.PHONE)
    contact_name = forms.CharField(label=_("Their name"), max_length=120, required=False)
    contact_email = forms.EmailField(label=_("Email address"), required=False)
    contact_phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    subject = forms.CharField(
        label=_("Subject"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True})
    )
    body = text(_("What the customer says"), rows=5, help_text=_("in their words"))
    asks = lines(_("What they ask of us"))
    tried = lines(_("Already tried"))
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), required=False, empty_label=_("none")
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("not known yet"),
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    promised = forms.CharField(label=_("What was promised"), max_length=200, required=False)
    promised_by = Moment(label=_("By when"), required=False)
    asks_for = forms.ChoiceField(
        label=_("Asked for or showed"),
        required=False,
        choices=[("", _("nothing special")), *((k.value, k.label) for k in ASKS)],
    )
    received_at = Moment(label=_("When they came"))
    reference = forms.CharField(label=_("Reference elsewhere"), max_length=80, required=False)
    restricted_because = forms.CharField(
        label=_("Restricted, because"),
        max_length=200,
        required=False,
        help_text=_("only you and its owner will see it; leave it empty otherwise"),
    )

    def __init__(self, *args, customer, now, **kwargs):
        kwargs["initial"] = {"received_at": now, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        offer_contacts(self, customer)
        self.fields["service"].queryset = (
            Service.objects.filter(subscriptions__customer=customer).distinct().order_by("name")
        )
        self.questions = list(Question.objects.asked_of(self._category()))
        for question in self.questions:
            self.fields[f"q-{question.pk}"] = answer_field(question)
        say_what_is_needed(self)

    def _category(self):
        chosen = self["category"].value()
        pk = chosen.pk if isinstance(chosen, Category) else chosen
        return self.fields["category"].queryset.filter(pk=pk).first() if str(pk).isdecimal() else None

    @property
    def needs_of_categories(self):
        """Of which categories something must be known of the contact, for who has no script that says so."""
        return [row for row in self.fields["category"].queryset if row.contact_needs]

    @property
    def question_fields(self):
        """The bound fields of the questions, in their order."""
        return [self[f"q-{question.pk}"] for question in self.questions]

    @property
    def is_somebody_else(self):
        """Whether who came is written down as somebody new."""
        return any(self[name].value() for name in ("contact_name", "contact_email", "contact_phone"))

    @property
    def says_more(self):
        """Whether something stands, or is wrong, in what is folded away."""
        names = ("promised", "promised_by", "asks_for", "reference", "restricted_because")
        return any(self[name].value() for name in names) or bool(
            self.is_bound and {*names, "received_at"} & set(self.errors)
        )

    def clean_asks(self):
        asks = [line.strip() for line in self.cleaned_data["asks"].splitlines() if line.strip()]
        if len(asks) > MOST_ASKS:
            raise forms.ValidationError(
                _("%(most)d asks are taken down at most; the rest belongs into the text.")
                % {"most": MOST_ASKS}
            )
        return asks

    def opening(self):
        """What intake.open_case is told."""
        said = self.cleaned_data
        names = (
            "contact", "channel", "subject", "body", "asks", "tried", "service", "category", "impact",
            "urgency", "received_at", "reference", "restricted_because",
        )  # fmt: skip
        answers = {q.pk: written(said.get(f"q-{q.pk}")) for q in self.questions}
        return {name: said[name] for name in names} | {"answers": answers}

    def newcomer(self):
        """Who came, where it is somebody we have not written down yet; or None."""
        said = self.cleaned_data
        if not (said["contact_name"] or said["contact_email"] or said["contact_phone"]):
            return None
        return {"name": said["contact_name"], "email": said["contact_email"], "phone": said["contact_phone"]}


def written(value):
    """An answer as text."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def answer_field(question):
    """The field in which `question` is answered."""
    said = {"label": question.text, "help_text": question.help, "required": question.is_required}
    kinds = Question.Kind
    if question.kind == kinds.TEXT:
        return forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), **said)
    if question.kind == kinds.CHOICE:
        return forms.ChoiceField(choices=[("", "–"), *((o, o) for o in question.options)], **said)
    if question.kind == kinds.YES_NO:
        return forms.ChoiceField(choices=[("", "–"), ("yes", _("yes")), ("no", _("no"))], **said)
    if question.kind == kinds.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said)
    if question.kind == kinds.NUMBER:
        return forms.DecimalField(max_digits=20, widget=forms.NumberInput(attrs={"step": "any"}), **said)
    return forms.CharField(max_length=300, **said)


class NewCustomerForm(forms.Form):
    """Whom we do not know yet, with whoever is on the line."""

    name = forms.CharField(label=_("Customer"), max_length=160, help_text=_("company or person"))
    contact_name = forms.CharField(
        label=_("Who is on the line"), max_length=120, required=False, help_text=_("empty: the customer")
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("Email address"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    def __init__(self, *args, reader, **kwargs):
        kwargs["initial"] = {
            "language": reader.language,
            "time_zone": reader.time_zone,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)
