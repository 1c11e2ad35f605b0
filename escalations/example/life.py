"""The life of one case: who does what to it, in whose words, through the operations alone.

Moments are counted in seconds of working time on the calendar of what is owed to the case, so that a story
told backwards from now comes out the same on a Sunday evening as on a Tuesday morning.
"""

from datetime import timedelta
from functools import cached_property

from cases import history
from cases.models import Calendar, Case, Channel, Party, PauseReason, Person, Skill, Standing, Team
from cases.operations import ending, intake, owing, pausing, promising, routing, talk
from cases.states import CaseStatus, Metric
from escalations.models import EscalationPath, EscalationReason, Handoff, Option
from escalations.operations import asking, escalate, options, respond, telling

from . import writing
from .asking import Asking

MINUTE, HOUR = 60, 3600
SPEAKS = {"es": "Spanish", "ru": "Russian"}


class Life(Asking):
    """What `customer` brings (`topic`) and how much it matters (`weights`: impact and urgency)."""

    def __init__(self, cast, *, customer, topic, weights):
        self.cast, self.end, self.dice = cast, cast.now, cast.dice
        self.customer, self.topic, self.words = customer, topic, cast.words[topic["language"]]
        self.category, self.service = cast.categories[topic["category"]], cast.services[topic["service"]]
        self.impact, self.urgency = weights
        self.contact = self.dice.choice(list(customer.contacts.all()))
        prefers = self.dice.random() < 0.4
        self.channel = self.contact.prefers if prefers else self.dice.choice((Channel.MAIL, Channel.WEB))
        self.case = None

    # --- When -----------------------------------------------------------------------------------------------

    @cached_property
    def owed(self):
        """{metric: target} of what would be owed to this case today."""
        case = Case(
            customer=self.customer,
            category=self.category,
            service=self.service,
            channel=self.channel,
            priority=intake.priority_of(self.impact, self.urgency),
        )
        return owing.targets(next(v for v in self.cast.policies if v.matches(case)), case.priority)

    @cached_property
    def hours(self):
        calendar_id = self.owed[Metric.FIRST_RESPONSE].calendar_id
        return Calendar.objects.hours([calendar_id])[calendar_id]

    def term(self, metric):
        return self.owed[metric].term_seconds

    @property
    def response(self):
        return self.term(Metric.FIRST_RESPONSE)

    @property
    def update(self):
        return self.term(Metric.NEXT_UPDATE)

    def acknowledge(self, path):
        """Seconds in which each level of `path` has to acknowledge, lowest first."""
        version = EscalationPath.objects.filter(name=path).version_in_force(self.end)
        levels = next(iter(version.values())).levels.order_by("number")
        return list(levels.values_list("acknowledge_seconds", flat=True))

    def lasting(self, seconds):
        """Let the story last so long up to now; returns its first moment."""
        self.start = self.hours.subtract(self.end, seconds).replace(microsecond=0)
        return self.at(0)

    def at(self, seconds):
        return self.hours.add(self.start, seconds)

    @property
    def now(self):
        return self.cast.simulation.now

    def between(self, low, high):
        return self.dice.uniform(low, high)

    # --- What the customer does -----------------------------------------------------------------------------

    def open(self, **given):
        """The case comes in: by itself, or taken down by whoever answers the telephone."""
        by = self.one_of("Customer care") if self.channel == Channel.PHONE else history.EXAMPLE
        self.case = intake.open_case(
            customer=self.customer,
            contact=self.contact,
            subject=self.say(self.topic["subject"])[:200],
            body=self.say(self.topic["body"]),
            channel=self.channel,
            category=self.category,
            service=self.service,
            language=self.topic["language"],
            impact=self.impact,
            urgency=self.urgency,
            answers=self.cast.answers(self.category),
            tried=self.cast.tried(self.topic["language"]),
            by=by,
            now=self.now,
            **given,
        )
        self.ask(self.topic.get("asks", ()), by=by)

    def hear(self, words="followups", asks_for=None):
        """The customer writes, or calls."""
        body = self.say(self.words[words])
        if self.channel == Channel.PHONE:
            talk.log_call(
                case=self.case,
                body=body,
                by=self.agent(),
                now=self.now,
                incoming=True,
                was_reached=True,
                asks_for=asks_for,
            )
        else:
            talk.receive(
                case=self.case,
                body=body,
                by=history.EXAMPLE,
                now=self.now,
                channel=self.channel,
                asks_for=asks_for,
                files=writing.files_for(body, "document.png", self.topic["language"]),
            )

    # --- What we do -----------------------------------------------------------------------------------------

    def agent(self):
        """Who works on the case: its holder, else its owner, else somebody of its team."""
        standing = Standing.objects.select_related("holder").get(pk=self.case.pk)
        person = standing.holder or self.case.owner
        if person is None:
            return self.one_of(self.case.team.name if self.case.team else "Customer care")
        return self.there(person)

    def there(self, person):
        """`person`, or their deputy while they are away."""
        for absence in self.cast.absences:
            if absence.person_id == person.pk and absence.starts_at <= self.now < absence.ends_at:
                return absence.deputy
        return person

    def one_of(self, team):
        """An agent of the team of that name, one who speaks the customer's language if there is one."""
        agents = Person.objects.working().filter(memberships__team__name=team, role="agent").order_by("pk")
        speak = agents.filter(skills__name=SPEAKS.get(self.topic["language"]))
        return self.there(self.dice.choice(list(speak) or list(agents)))

    def take(self):
        """Somebody makes the case their own, where nobody was named."""
        if self.case.owner is None:
            by = self.agent()
            routing.assign(case=self.case, owner=by, reason=self.pick("moves"), by=by, now=self.now)

    def take_up(self):
        """Work begins, and the customer does not know it yet."""
        self.take()
        if self.case.status == CaseStatus.NEW:
            routing.take_up(case=self.case, by=self.there(self.case.owner), now=self.now)

    def answer(self):
        self.reply(self.topic.get("answer") or self.words["updates"])

    def reply(self, words="updates", **more):
        self.take()
        by = self.agent()
        body = self.words[words] if isinstance(words, str) and words in self.words else words
        text = "\n\n".join(
            (self.say(self.words["greeting"]), self.say(body, **more), f"{self.words['closing']}\n{by.name}")
        )
        channel = Channel.CHAT if self.channel == Channel.CHAT else Channel.MAIL
        files = writing.files_for(text, "confirmation.pdf", self.topic["language"])
        talk.reply(case=self.case, body=text, by=by, now=self.now, channel=channel, files=files)

    def note(self):
        """For us alone; the team's lead is called to it."""
        body, by = self.pick("notes"), self.agent()
        lead = Person.objects.managers_of(self.case.team).order_by("pk").first() if self.case.team else None
        if lead is not None and lead != by:
            body = f"{body} @{lead.username}"
        talk.note(case=self.case, body=body, by=by, now=self.now)

    def call(self, *, was_reached=True, ago=0):
        """We call them; `ago` seconds before it was written down."""
        body = self.pick("calls" if was_reached else "missed")
        self.take()
        talk.log_call(
            case=self.case,
            body=body,
            by=self.agent(),
            now=self.now,
            incoming=False,
            was_reached=was_reached,
            occurred_at=self.now - timedelta(seconds=int(ago)),
        )

    def pause(self, code, until, note=""):
        reason = PauseReason.objects.get(code=code)
        pausing.pause(
            case=self.case, reason=reason, expected_end_at=until, by=self.agent(), now=self.now, note=note
        )

    def promise(self, due_at, **given):
        what = self.pick("promises")
        return promising.promise(
            case=self.case,
            what=what,
            due_at=due_at.replace(microsecond=0),
            by=self.agent(),
            now=self.now,
            **given,
        )

    def keep(self, promise):
        promising.keep(promise=promise, by=promise.made_by, now=self.now)
        self.reply("kept", what=promise.what)

    def withdraw(self, promise):
        promising.withdraw(promise=promise, by=promise.made_by, now=self.now, reason=self.pick("calls"))

    def move(self, team):
        by = self.agent()
        routing.assign(
            case=self.case,
            team=Team.objects.get(name=team),
            owner=self.one_of(team),
            reason=self.pick("moves"),
            by=by,
            now=self.now,
        )

    def prioritise(self, priority, reason):
        routing.prioritise(case=self.case, priority=priority, reason=reason, by=self.agent(), now=self.now)

    def resolve(self):
        self.reply("solved")
        ending.resolve(case=self.case, reason=self.pick("resolved"), by=self.agent(), now=self.now)

    def reopen(self):
        self.hear("back_again")
        if not self.case.is_live:  # they called; what they write opens it by itself
            ending.reopen(case=self.case, reason=self.words["back_again"], by=self.agent(), now=self.now)

    def close(self):
        ending.close(case=self.case, reason=self.pick("closed"), by=self.agent(), now=self.now)

    def name(self, username, kind, reason):
        """Name somebody on the case: with access to it, or as the subject of the complaint."""
        with history.acting(by=Person.objects.get(username="nora"), reason=reason, now=self.now):
            # Who opened or owns a restricted case is named on it already.
            Party.objects.get_or_create(
                case=self.case,
                person=Person.objects.get(username=username),
                kind=kind,
                defaults={"reason": reason},
            )

    # --- The ladder -----------------------------------------------------------------------------------------

    def escalate(self, kind, words="handoff", **given):
        texts = self.words[words]
        catalogued = EscalationReason.objects.filter(kind=kind).order_by("position").first()
        if "skill" in given:
            given["skill"] = Skill.objects.get(name=given["skill"])
        return escalate.escalate(
            case=self.case,
            kind=kind,
            catalogue_reason=catalogued,
            reason=texts["reason"] if words != "handoff" else "",
            background=texts["background"],
            tried=texts["tried"],
            next_steps=texts["next"],
            word=telling.Word(
                telling.Telling.SAID, text=texts["told"], channel=Channel.PHONE, said_at=self.now
            ),
            by=self.agent(),
            now=self.now,
            **given,
        )

    def offer(self, name, outcome, amount=None, note=""):
        """An option is tried on the customer; those below it were skipped, with a reason."""
        by = self.agent()
        if amount is not None and amount > by.money_limit:
            return
        options.use(
            case=self.case,
            option=Option.objects.get(name=name),
            outcome=outcome,
            amount=amount,
            note=self.words.get(note, ""),
            skipped_because=self.words["option_skipped"],
            by=by,
            now=self.now,
        )

    def ask_back(self, *, answered):
        """Who took the handoff asks whoever gave it; the answer may be still to come."""
        handoff = Handoff.objects.filter(escalation__case=self.case).latest("pk")
        question = asking.ask_back(
            handoff=handoff, text=self.words["asks_back"], by=self.agent(), now=self.now
        )
        if answered:
            asking.answer(
                question=question, text=self.words["answers_back"], by=question.asked_of, now=self.now
            )

    def handoff(self):
        """The handoff that waits for somebody. Where there is none, the story is told wrongly: it fails."""
        return Handoff.objects.get(escalation__case=self.case, state=Handoff.State.WAITING)

    def _receiver(self, handoff):
        return handoff.to_person or self.one_of(handoff.to_team.name)

    def accept(self):
        handoff = self.handoff()
        texts = self.words["handoff"]
        respond.acknowledge(
            handoff=handoff,
            by=self._receiver(handoff),
            now=self.now,
            next_steps=texts["next"] if handoff.is_automatic and self.category.name != "Outage" else None,
        )

    def decline(self):
        handoff = self.handoff()
        respond.decline(
            handoff=handoff, by=self._receiver(handoff), reason=self.pick("declines"), now=self.now
        )

    def step_down(self):
        escalation = self.case.escalations.running().get()
        respond.deescalate(
            escalation=escalation,
            reason=self.words["done"],
            option=Option.objects.get(name="Explanation in plain words"),
            skipped_because=self.words["option_skipped"],
            by=escalation.holder,
            now=self.now,
        )

    # --- In whose words -------------------------------------------------------------------------------------

    @cached_property
    def figures(self):
        """What fills the gaps in the customer's words, the same throughout the case."""
        kind = "INV" if self.category.name == "Billing" else "ORD"
        before = self.words["months"][(self.end.month - 2) % 12]
        return {
            "amount": money(
                self.topic["language"], self.dice.randrange(180, 4800), self.dice.randrange(0, 100, 5)
            ),
            "n": self.dice.randrange(5, 10),
            "month": before,
            "ref": f"{kind}-{self.end.year}-{self.dice.randrange(10000, 99999)}",
            "site": self.dice.choice(self.words["sites"]),
        }

    def pick(self, key):
        return self.say(self.words[key])

    def say(self, words, **more):
        """One of several wordings, or the only one, with its gaps filled."""
        text = words if isinstance(words, str) else self.dice.choice(words)
        called = self.contact.name
        if self.topic["language"] == "ru":  # by first name and patronymic
            called = " ".join(
                called.split()[:2] if called.split()[1].endswith(("ич", "на")) else called.split()[1:]
            )
        text = text.format(contact=called, **self.figures, **more)
        return text[:1].upper() + text[1:]


def money(language, euros, cents):
    """An amount as it is written there: €4,212.60, 4.212,60 € or 4 212,60 €."""
    if language == "en":
        return f"€{euros:,}.{cents:02}"
    thousands = "." if language == "es" else "\u00a0"
    return f"{euros:,}".replace(",", thousands) + f",{cents:02}\u00a0€"
