"""The words of the paths to start from, marked for the catalogues: the files themselves hold no marks.

Nothing imports this but the test that holds it against the files, to the letter.
"""

from django.utils.translation import gettext_noop as _

WORDS = (
    _("Retail complaints"),
    _(
        "Orders, refunds and returns of a shop: settled by care, decided by its head, in the end "
        "by the store’s management."
    ),
    _("Customer care"),
    _("Who answers customers every day."),
    _("Head of customer care"),
    _("Decides on goodwill above what care may give."),
    _("Store management"),
    _("Decides what no rule foresees."),
    _("Fallback holder"),
    _("Gets what nobody on the ladder could."),
    _("Look at the order and the parcel, offer the refund or the replacement, and say when it arrives."),
    _("Call the customer; decide on goodwill and put it in writing."),
    _("Settle it for good, or refuse it with the reasons and the way to complain further."),
    _("Telecoms outage"),
    _(
        "Lines, sites and exchanges that are down: who is on call, the head of the network, then "
        "operations, day and night."
    ),
    _("Network on call"),
    _("A skill with a duty roster that has no gap at night."),
    _("Head of network"),
    _("Takes the lead of an outage that on call cannot end."),
    _("Head of operations"),
    _("Speaks for the company while the outage lasts."),
    _("Call the customer, say who you are, what is down and when you call again."),
    _("Take the lead: a call every two hours until it works, and a person on site if it needs one."),
    _("Decide on credits and on what is said in public."),
    _("Banking complaints"),
    _(
        "Complaints to a bank or insurer: the branch or line, the complaints office, compliance, "
        "with a final answer in writing."
    ),
    _("First line"),
    _("The branch or line that the complaint is about."),
    _("Complaints office"),
    _("Independent of the line: it looks into the matter anew."),
    _("Compliance"),
    _("Knows what the supervisor must be told."),
    _("Confirm the receipt in writing, correct what is plainly wrong, and say what is looked into."),
    _("Look into it anew, hear both sides, and draft the final answer with its reasons."),
    _("Read the final answer before it leaves: reasons, terms, and where the customer may turn to next."),
    _("B2B support tiers"),
    _(
        "Support between companies: the service desk, the specialists, the customer’s account "
        "manager, then engineering."
    ),
    _("Service desk"),
    _("Tier 1: answers and sorts."),
    _("Specialists"),
    _("Tier 2: know the product in depth."),
    _("Head of engineering"),
    _("Tier 3: may take people off other work."),
    _("Repeat the problem in your own words, ask what it stops, and give a workaround where there is one."),
    _("Find the cause; tell the customer what you know and when they hear from you again."),
    _("Account manager"),
    _("Agree with the customer what comes first, and what the contract owes them."),
    _("Put people on it until it works; decide what is delivered when."),
    _("Public service"),
    _(
        "An office that serves citizens: the unit in charge, its head, the director, with a "
        "reasoned answer by a named person."
    ),
    _("Unit in charge"),
    _("Where the matter is decided."),
    _("Director"),
    _("Answers for the office as a whole."),
    _("Say who is in charge, what is still missing and by when the answer comes."),
    _("Head of the unit"),
    _("Hear the citizen, check the decision against the rules, and sign the reasoned answer."),
    _("Decide for the office, and name the remedies that are left."),
)
