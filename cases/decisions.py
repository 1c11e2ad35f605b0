"""What a decision on an ask must say, what is at stake in it, and who must approve it (RULES 5). Pure.

What somebody may not grant alone they may not refuse alone either: an ask worth more than one's own limit is
refused with another's approval. An offer that nobody priced cannot be held against a limit, so it takes
somebody who may approve.
"""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Outcome(models.TextChoices):
    GRANTED = "granted", gettext_lazy("Granted")
    PARTLY = "partly", gettext_lazy("Granted in part")
    REFUSED = "refused", gettext_lazy("Refused")
    WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn by the customer")


class Offer(models.TextChoices):
    MONEY = "money", gettext_lazy("Money")
    GOODS = "goods", gettext_lazy("Goods")
    EXCEPTION = "exception", gettext_lazy("An exception")
    WAIVER = "waiver", gettext_lazy("A waiver")


# Offers that are nothing without an amount.
PRICED = {Offer.MONEY}

# Which words belong to which outcomes; the first outcomes of each need them.
NEEDED = {
    "part": {Outcome.PARTLY},
    "grounds": {Outcome.REFUSED},
    "remedies": {Outcome.REFUSED},
    "customer_said": {Outcome.WITHDRAWN},
}
ALLOWED = {
    **NEEDED,
    "grounds": {Outcome.REFUSED, Outcome.PARTLY},
    "remedies": {Outcome.REFUSED, Outcome.PARTLY},
}
OFFER_WORDS = ("offer_kind", "offer_what", "offer_amount", "precedent")


def out_of_place(said):
    """The names of what was said (a dict) and does not belong to its outcome, or to an offer of no kind."""
    outcome = said["outcome"]
    found = [name for name, where in ALLOWED.items() if said.get(name) and outcome not in where]
    if outcome == Outcome.WITHDRAWN or not said.get("offer_kind"):
        found += [name for name in OFFER_WORDS if said.get(name)]
    return found


def wanting(said):
    """{name: sentence} of what must be said still, or otherwise, before the decision is whole."""
    outcome, found = said["outcome"], {}
    sentences = {
        "part": _("Say which part is granted."),
        "grounds": _("Give the specific grounds: what was examined, and why it does not lead there."),
        "remedies": _("Name the outside remedies: where the customer may turn if they disagree."),
        "customer_said": _("Say how and when the customer took it back."),
    }
    for name, where in NEEDED.items():
        if outcome in where and not said.get(name):
            found[name] = sentences[name]
    for name in out_of_place(said):
        found[name] = _("This does not belong to what was decided; leave it empty.")
    kind, amount = said.get("offer_kind"), said.get("offer_amount")
    if kind in PRICED and amount is None:
        found["offer_amount"] = _("Say how much money is offered, in EUR.")
    elif amount is not None and amount <= 0:
        found["offer_amount"] = _("An offer is worth more than zero.")
    if kind and kind not in PRICED and not said.get("offer_what"):
        found["offer_what"] = _("Say what exactly is offered.")
    return found


def at_stake(outcome, *, asked, offered):
    """What of a decision is held against money limits, EUR.

    Of a grant what is given, of a refusal what is withheld, of a part the larger of the two. `asked` and
    `offered` are amounts or None.
    """
    asked, offered = asked or Decimal(0), offered or Decimal(0)
    if outcome == Outcome.WITHDRAWN:
        return Decimal(0)
    if outcome == Outcome.PARTLY:
        return max(offered, asked - offered)
    return max(asked, offered)


def given(outcome, *, stake, offered):
    """What of a decision is money that goes out, EUR: of a grant what is at stake, of anything else what is
    offered with it."""
    if outcome == Outcome.GRANTED:
        return stake
    if outcome == Outcome.PARTLY and offered is None:
        return stake  # nobody said what the part is worth; it is less than all
    return offered or Decimal(0)


def together(outcome, *, stake, offered, before):
    """What is held against money limits of a decision by somebody who granted `before` on the same case
    already, EUR. What is withheld is held against them alone: it adds to nothing that was given."""
    gives = given(outcome, stake=stake, offered=offered)
    return max(stake, before + gives) if gives else stake


def needs_approval(stake, *, is_unpriced, limit, may_approve):
    """Whether somebody with this limit must have another's approval; the limit itself is still theirs."""
    return stake > limit or (is_unpriced and not may_approve)
