"""What a reply template may leave to be filled in: a closed list, written {like_this}. Pure.

Nothing else in a template means anything: its text is never evaluated, only searched for these words.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Each with what stands in its place. Two braces are read like one: people who come from elsewhere write two.
ACCEPTED = {
    "contact_name": gettext_lazy("the contact’s name"),
    "customer_name": gettext_lazy("the customer’s name"),
    "case_number": gettext_lazy("the case’s number"),
    "subject": gettext_lazy("the case’s subject"),
    "received_on": gettext_lazy("when the case came, in the customer’s zone"),
    "owner_name": gettext_lazy("who answers for the case"),
    "agent_name": gettext_lazy("who writes"),
    "signature": gettext_lazy("the signature of who writes"),
    "next_due": gettext_lazy("when the customer hears from us next, in their zone"),
    "promise": gettext_lazy("what was promised next"),
    "promise_date": gettext_lazy("when that is promised for, in the customer’s zone"),
}
WRITTEN = re.compile(r"\{{1,2}\s*(?P<name>[^{}\s]+)\s*\}{1,2}")
BRACED = re.compile(r"\{+[^{}\n]*\}*|\}+")


@dataclass(frozen=True)
class Filled:
    """`text` with what there was a value for; `missing` names the rest, which still stand in it."""

    text: str
    missing: tuple[str, ...] = ()


def spelled(names=ACCEPTED):
    """The names as they are written, in one line."""
    return ", ".join(f"{{{name}}}" for name in names)


def unknown_in(text):
    """What stands in braces and is no placeholder, as written and in order: whatever a brace is part of."""
    rest = WRITTEN.sub(lambda match: "" if match["name"] in ACCEPTED else match[0], text)
    return list(dict.fromkeys(match[0] for match in BRACED.finditer(rest)))


def left_in(text):
    """The names of the placeholders that stand in `text`, in order. Other words in braces are only words."""
    return list(dict.fromkeys(m["name"] for m in WRITTEN.finditer(text) if m["name"] in ACCEPTED))


def fill(text, values):
    """A `Filled`. `values`: {name: text}; one that is empty or not there leaves its placeholder standing.

    What is put in is not searched again: a customer whose name holds braces stays as they are called.
    """
    missing = []

    def value_of(match):
        name = match["name"]
        if name not in ACCEPTED:
            return match[0]
        if not values.get(name):
            missing.append(name)
            return f"{{{name}}}"
        return str(values[name])

    return Filled(WRITTEN.sub(value_of, text), tuple(dict.fromkeys(missing)))


def words_about(missing):
    """One sentence for each of these names: what is to be written in their place."""
    return [
        _("“{%(name)s}” stands for %(what)s, and there is none here: write it yourself, or take it out.")
        % {"name": name, "what": ACCEPTED[name]}
        for name in missing
    ]
