"""Customers, the people we talk to there, and the services they have from us."""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Left, Lower, Replace, Right, Substr
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .person import Person, validate_time_zone


class Channel(models.TextChoices):
    MAIL = "mail", _("mail")
    WEB = "web", _("web form")
    CHAT = "chat", _("chat")
    PHONE = "phone", _("phone")


# An index over so many letters finds a beginning by equality: on every engine, in every collation.
FIRST_LETTERS = 3
# National and international spellings of a number agree in their last digits.
LAST_DIGITS = 8


# What stands before a name and is not said on the phone, as it stands in small letters; SQLite makes only
# Latin letters small. Each is written out in the index: one more makes every search a little slower.
LEGAL_FORMS = ("ооо «", "пао «", "оао «", "зао «", "ао «")
NOT_SAID = (*LEGAL_FORMS, *(form.upper() for form in LEGAL_FORMS), "«", "»", '"')
ARTICLE = "the "


def bare_name(name):
    """A name in small letters, without quotes and what stands before it: of an expression, or of a text."""
    if isinstance(name, str):
        small = name.lower()
        for words in NOT_SAID:
            small = small.replace(words, "")
        return small.removeprefix(ARTICLE)
    small = Lower(name)
    for words in NOT_SAID:
        small = Replace(small, Value(words), Value(""))
    article = Exact(Left(small, len(ARTICLE)), Value(ARTICLE))
    return Case(When(article, then=Substr(small, len(ARTICLE) + 1)), default=small)


def first_letters(name):
    """The beginning of a name, as its index has it."""
    return Left(bare_name(name), FIRST_LETTERS)


def last_digits(field):
    """The end of a phone number without what people put between digits, as its index has it."""
    bare = field
    for mark in " -()./":
        bare = Replace(bare, Value(mark), Value(""))
    return Right(bare, LAST_DIGITS)


class Tier(models.TextChoices):
    PLATINUM = "platinum", _("Platinum")
    GOLD = "gold", _("Gold")
    SILVER = "silver", _("Silver")
    BRONZE = "bronze", _("Bronze")


class Service(models.Model):
    """Something customers have from us and that can fail."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")

    def __str__(self):
        return self.name


class Customer(models.Model):
    KEPT = True

    name = models.CharField(_("name"), max_length=160, db_index=True)
    reference = models.CharField(
        _("customer number"), max_length=40, blank=True, help_text=_("By which they know themselves with us.")
    )
    tier = models.CharField(_("tier"), max_length=10, choices=Tier.choices, default=Tier.BRONZE)
    yearly_value = models.DecimalField(_("value a year, EUR"), max_digits=14, decimal_places=2, default=0)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="UTC", validators=[validate_time_zone]
    )
    account_manager = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("account manager"),
    )
    is_vulnerable = models.BooleanField(_("vulnerable"), default=False, help_text=_("Needs particular care."))
    since_on = models.DateField(_("customer since"), null=True, blank=True)
    history = History(erasable=["name"])

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [models.Index(first_letters(F("name")), name="customer_first_letters")]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                condition=~Q(reference=""),
                name="customer_reference_once",
                violation_error_message=_("Another customer has this number."),
            ),
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="customer_tier_is_known"),
            models.CheckConstraint(
                condition=Q(yearly_value__gte=0),
                name="customer_value_not_negative",
                violation_error_message=_("A value a year is zero or more."),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def initials(self):
        return "".join(part[0] for part in self.name.split()[:2]).upper()


class Contact(models.Model):
    """A person at a customer."""

    KEPT = True

    class Address(models.TextChoices):
        FORMAL = "formal", _("formal")
        FAMILIAR = "familiar", _("familiar")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("title"), max_length=120, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    prefers = models.CharField(_("prefers"), max_length=10, choices=Channel.choices, default=Channel.MAIL)
    form_of_address = models.CharField(
        _("form of address"), max_length=10, choices=Address.choices, default=Address.FORMAL
    )
    is_active = models.BooleanField(_("active"), default=True)
    history = History(erasable=["name", "title", "email", "phone"])

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(Lower("email"), name="contact_email_lower"),
            models.Index(last_digits("phone"), name="contact_last_digits"),
        ]

    def __str__(self):
        return self.name


class Subscription(models.Model):
    """A service that a customer has."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="subscriptions", verbose_name=_("customer")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="subscriptions", verbose_name=_("service")
    )
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    history = History()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        indexes = [
            models.Index(fields=["reference"], condition=~Q(reference=""), name="subscription_reference")
        ]
        constraints = [
            models.UniqueConstraint(fields=["customer", "service", "reference"], name="subscription_once")
        ]

    def __str__(self):
        return f"{self.customer}: {self.service}"
