"""Which stories are told, of which cases, and how many of each."""

from itertools import count

from cases.models import Absence, Category, Customer, Question, Service, SlaPolicyVersion
from escalations.models import Kind

from . import ask_stories, data, stories
from .life import Life
from .stories import BILLING, DEFAULT, NETWORK

# What a story needs: the categories its case may be of, and the tiers of its customer.
NETWORK_POOL = (("Outage",), ("gold", "silver", "bronze", "platinum"))
BILLING_POOL = (("Billing",), ("gold", "silver"))
CARE_POOL = (("Orders and delivery", "Number porting", "Contract"), ("gold", "silver"))
ANY_POOL = (
    ("Billing", "Outage", "Quality of service", "Orders and delivery", "Number porting", "Contract"),
    ("gold", "silver", "bronze", "platinum"),
)
CALM_POOL = (
    ("Quality of service", "Orders and delivery", "Number porting", "Contract"),
    ("gold", "silver", "bronze"),
)
OWN_POOL = ((), ("gold", "silver", "bronze", "platinum"))  # stories that have topics of their own

LOW, MEDIUM, HIGH = 1, 2, 3
WEIGHTS = (
    (LOW, MEDIUM),
    (MEDIUM, MEDIUM),
    (MEDIUM, MEDIUM),
    (MEDIUM, MEDIUM),
    (MEDIUM, HIGH),
    (HIGH, MEDIUM),
)


def told(name, how_many, pool, weights=WEIGHTS, **given):
    """`how_many` tellings of stories.<name>; those of a level are found by name and level in the topics."""
    return {"name": name, "count": how_many, "pool": pool, "weights": weights, "given": given}


def on_ladder(path, pool):
    """Every level of a path, waiting, acknowledged and declined."""
    weights = WEIGHTS[1:]
    for level in (1, 2, 3):
        yield told("waiting", 2 if level < 3 else 1, pool, weights, path=path, level=level)
        yield told("acknowledged", 2 if level == 2 else 1, pool, weights, path=path, level=level)
    for level in (1, 2):
        yield told("declined", 1, pool, weights, path=path, level=level)


ALL = (
    told("fresh", 4, NETWORK_POOL),
    told("fresh", 5, CALM_POOL),
    told("fresh", 3, BILLING_POOL),
    told("unrouted", 7, OWN_POOL),
    *(told("response_due_in", 1, NETWORK_POOL, WEIGHTS[1:4], minutes=m) for m in (3, 8, 22, 38)),
    told("response_at_risk", 1, NETWORK_POOL),
    told("response_at_risk", 4, CALM_POOL),
    told("in_conversation", 10, ANY_POOL),
    told("raised", 2, CALM_POOL, WEIGHTS[1:4]),
    told("paused", 3, ANY_POOL, code="waiting-for-customer"),
    told("paused", 2, CALM_POOL, code="waiting-for-third-party"),
    told("paused", 2, BILLING_POOL, code="waiting-for-bank"),
    told("paused", 2, CALM_POOL, code="date-agreed"),
    told("went_on", 2, CALM_POOL, code="date-agreed"),
    told("customer_came_back", 2, ANY_POOL),
    told("update_at_risk", 2, CALM_POOL),
    told("update_breached", 2, CARE_POOL),
    told("resolution_at_risk", 2, CARE_POOL),
    told("resolution_breached", 1, CARE_POOL),
    *(told("promise_soon", 1, CARE_POOL, minutes=m) for m in (53, 12, 95, 204)),
    told("promise_open", 2, ANY_POOL),
    told("promise_kept", 3, ANY_POOL),
    told("promise_broken", 2, BILLING_POOL),
    told("promise_broken", 1, CARE_POOL),
    told("promise_replaced", 2, CARE_POOL),
    told("promise_withdrawn", 1, CARE_POOL),
    *on_ladder(BILLING, BILLING_POOL),
    *on_ladder(NETWORK, NETWORK_POOL),
    *on_ladder(DEFAULT, CARE_POOL),
    told("at_the_fallback", 1, NETWORK_POOL, WEIGHTS[1:], path=NETWORK, acknowledge=False),
    told("at_the_fallback", 1, BILLING_POOL, path=BILLING, acknowledge=True),
    told(
        "escalated",
        1,
        CARE_POOL,
        kind=Kind.FUNCTIONAL,
        acknowledge=False,
        words="need_skill",
        skill="Contract law",
    ),
    told(
        "escalated",
        1,
        CARE_POOL,
        kind=Kind.FUNCTIONAL,
        acknowledge=True,
        words="need_skill",
        skill="Contract law",
    ),
    told("escalated", 2, CARE_POOL, kind=Kind.HIERARCHICAL, acknowledge=True),
    told("escalated", 1, CARE_POOL, kind=Kind.HIERARCHICAL, acknowledge=False),
    told("escalated", 1, CARE_POOL, kind=Kind.PRIORITY, acknowledge=False, words="straight_up"),
    told("asked_for_supervisor", 1, CARE_POOL),
    told("asked_for_supervisor", 1, CARE_POOL, acknowledge=True),
    told("threatened", 1, CARE_POOL),
    told("threatened", 1, BILLING_POOL, acknowledge=True),
    told("sent_round", 1, CARE_POOL),
    told("stepped_down", 2, CARE_POOL),
    told("platinum_urgent", 1, OWN_POOL, ((HIGH, HIGH),)),
    told("vulnerable", 1, OWN_POOL),
    told("restricted", 2, OWN_POOL),
    told("subject_skipped", 1, OWN_POOL),
    told("subject_kept_away", 1, OWN_POOL),
    told("asked", 1, CALM_POOL),
    told("asked", 1, BILLING_POOL, number=2),
    told("decided", 1, BILLING_POOL),
    told("awaiting_approval", 2, BILLING_POOL),
    told("awaiting_approval", 1, CALM_POOL),
    told("approved", 1, BILLING_POOL),
    told("sent_back", 1, BILLING_POOL),
    told("decided_anew", 1, CARE_POOL),
    told("got_its_answer", 2, CARE_POOL),
    told("resolved", 7, ANY_POOL),
    told("reopened", 3, CALM_POOL),
    told("reopened", 1, CARE_POOL, times=2),
    told("closed", 14, ANY_POOL),
    told("closed_with_promise", 3, ANY_POOL),
    told("closed_unreached", 2, CALM_POOL),
    told("closed_after_escalation", 2, BILLING_POOL, WEIGHTS[1:], path=BILLING, level=1),
    told("closed_after_escalation", 2, NETWORK_POOL, WEIGHTS[1:], path=NETWORK, level=2),
)


class Cast:
    """Gives each story a topic and a customer: the least used that fit, by chance where several do."""

    def __init__(self, *, simulation, now, dice):
        self.simulation, self.now, self.dice = simulation, now, dice
        self.topics, self.words = data.topics(), data.read("words")
        self.asking = data.read("asking")
        self.customers = list(
            Customer.objects.prefetch_related("subscriptions__service", "contacts").order_by("pk")
        )
        self.have = {c.pk: {s.service.name for s in c.subscriptions.all()} for c in self.customers}
        self.absences = list(Absence.objects.select_related("deputy"))
        self.policies = SlaPolicyVersion.objects.in_force(now)
        self.categories = {row.name: row for row in Category.objects.all()}
        self.services = {row.name: row for row in Service.objects.all()}
        self.used = {}
        said = {row["text"]: row["said"] for row in data.read("rules")["questions"]}
        self.said = {question: said[question.text] for question in Question.objects.all()}
        self.told, self.opened = count(), count()

    def answers(self, category):
        """{question id: what the next customer answers}."""
        turn = next(self.told)
        return {
            question.pk: said[turn % len(said)]
            for question, said in self.said.items()
            if question.category_id in (None, category.pk)
        }

    def tried(self, language):
        """What was tried before somebody came to us: now and then something."""
        turn = next(self.opened)
        words = self.words[language]["tried"]
        return words[turn // 3 % len(words)] if turn % 3 == 0 else ""

    def lives(self):
        """(story generator) for every telling."""
        # Whoever has a topic of their own chooses first, else others take their customers away.
        for wanted in ALL:
            for _number in range(wanted["count"]):
                yield self._begin(wanted)

    def _begin(self, wanted):
        topic = self._topic(wanted)
        customer = self._least_used(self._fitting(topic, wanted["pool"][1]), lambda c: c.pk)
        weights = topic.get("weights") or self.dice.choice(wanted["weights"])
        life = Life(self, customer=customer, topic=topic, weights=weights)
        told = ask_stories if hasattr(ask_stories, wanted["name"]) else stories
        return getattr(told, wanted["name"])(life, **wanted["given"])

    def _topic(self, wanted):
        """A topic of the story's own, once each (the unrouted: again and again); else one of its pool."""
        name, given = wanted["name"], wanted["given"]
        if "level" in given:
            name = f"level_{given['level']}_{name}"
        categories, tiers = wanted["pool"]
        own = [
            t
            for t in self.topics
            if t.get("fate") == name and (not categories or t["category"] in categories)
        ]
        if name != "unrouted":
            own = [t for t in own if not self.used.get(t["subject"])]
        return self._least_used(own or self._of_pool(categories, tiers), lambda t: t["subject"])

    def _of_pool(self, categories, tiers):
        for topic in self.topics:
            # Stories of a ladder count on one calendar for all their terms; the Urals have another.
            elsewhere = topic["service"].endswith("Urals") and topic["category"] != "Outage"
            if (
                "fate" in topic
                or topic["category"] not in categories
                or (elsewhere and categories != ANY_POOL[0])
            ):
                continue
            if self._fitting(topic, tiers):
                yield topic

    def _fitting(self, topic, tiers):
        """Customers who could bring this: the one it names, else of its language and service."""
        if "customer" in topic:
            return [c for c in self.customers if c.name == topic["customer"]]
        return [
            c
            for c in self.customers
            if c.language == topic["language"]
            and c.tier in tiers
            and not c.is_vulnerable
            and topic["service"] in self.have[c.pk]
        ]

    def _least_used(self, things, key):
        things = list(things)
        fewest = min(self.used.get(key(t), 0) for t in things)
        chosen = self.dice.choice([t for t in things if self.used.get(key(t), 0) == fewest])
        self.used[key(chosen)] = fewest + 1
        return chosen
