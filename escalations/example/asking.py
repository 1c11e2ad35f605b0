"""What a customer of the example asks, and what becomes of it: a part of a life."""

from decimal import Decimal

from cases.operations import answering, asking, profiling


class Asking:
    """What a Life does with asks; `self.asking` are the words for it in the customer's language."""

    @property
    def asking(self):
        return self.cast.asking[self.topic["language"]]

    def ask(self, asked, by=None):
        """What this customer asks: texts, or so many of what such customers do. Returns the asks."""
        texts = self.asking["asks"][:asked] if isinstance(asked, int) else asked
        said = [self.say(text) for text in texts]
        return asking.ask_all(case=self.case, texts=said, by=by or self.agent(), now=self.now)

    def decide(self, ask, outcome, **offer):
        """Decide with the words that the outcome needs."""
        needed = {"partly": ["part"], "refused": ["grounds", "remedies"], "withdrawn": ["customer_said"]}
        words = {name: self.say(self.asking[name]) for name in needed.get(outcome, ())}
        return asking.decide(ask=ask, outcome=outcome, by=self.agent(), now=self.now, **words, **offer)

    def beyond(self):
        """An offer of money just above what the agent may give alone."""
        amount = Decimal(self.agent().money_limit) + Decimal("340.50")
        precedent = self.say(self.asking["precedent"])
        return {"offer_kind": "money", "offer_amount": amount, "precedent": precedent}

    def describe(self, **kind):
        """The owner's own view of the complaint."""
        words = {n: self.say(self.asking[n]) for n in ("expectation", "least_acceptable", "goal")}
        profiling.describe(case=self.case, by=self.case.owner, now=self.now, **kind, **words)

    def give_answer(self, due_at):
        by = self.agent()
        answering.answer(
            case=self.case,
            cause=self.asking["cause"],
            remedy=self.asking["remedy"],
            due_at=due_at.replace(second=0, microsecond=0),
            turn_to=f"{by.name}, {by.email}" if by.email else by.name,
            by=by,
            now=self.now,
        )

    def approver(self, decision):
        able = asking.approvers(self.case, stake=decision.at_stake, but=decision.made_by)
        return able.order_by("money_limit", "pk").first()
