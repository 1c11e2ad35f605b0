"""What becomes of what customers ask: each story leaves its case in the state it is named for."""

from decimal import Decimal

from cases.operations import asking

from .stories import answered


def asked(life, number=3):
    """Nothing is decided yet; its owner has described the complaint."""
    at = yield from answered(life, life.response + life.update * 0.5)
    yield life.at(at + life.update * 0.2)
    life.ask(number)
    life.describe(manner="upset", merit="justified")


def decided(life):
    """Everything is decided, each in its own way."""
    at = yield from answered(life, life.response + life.update * 0.8)
    yield life.at(at + life.update * 0.2)
    money, reason, fee, damages = life.ask(4)
    yield life.at(at + life.update * 0.5)
    life.decide(money, "partly", offer_kind="money", offer_amount=Decimal("120.00"))
    life.decide(reason, "granted")
    life.decide(fee, "withdrawn")
    router = {"offer_kind": "goods", "offer_what": life.asking["goods"], "offer_amount": Decimal("90.00")}
    life.decide(damages, "refused", **router)


def awaiting_approval(life):
    """More is offered than the agent may give alone."""
    at = yield from answered(life, life.response + life.update * 0.7)
    yield life.at(at + life.update * 0.2)
    money, reason = life.ask(2)
    yield life.at(at + life.update * 0.5)
    life.decide(money, "granted", **life.beyond())
    life.decide(reason, "granted")


def approved(life):
    at = yield from answered(life, life.response + life.update * 0.8)
    yield life.at(at + life.update * 0.2)
    [money] = life.ask(1)
    decision = life.decide(money, "granted", **life.beyond())
    yield life.at(at + life.update * 0.5)
    asking.approve(decision=decision, by=life.approver(decision), now=life.now)


def sent_back(life):
    at = yield from answered(life, life.response + life.update * 0.8)
    yield life.at(at + life.update * 0.2)
    [money] = life.ask(1)
    decision = life.decide(money, "granted", **life.beyond())
    yield life.at(at + life.update * 0.5)
    by = life.approver(decision)
    asking.send_back(decision=decision, reason=life.asking["sent_back"], by=by, now=life.now)


def decided_anew(life):
    """A decision was taken back, and made again."""
    at = yield from answered(life, life.response + life.update * 0.8)
    yield life.at(at + life.update * 0.2)
    [money] = life.ask(1)
    life.decide(money, "partly", offer_kind="money", offer_amount=Decimal("80.00"))
    yield life.at(at + life.update * 0.4)
    asking.take_back(ask=money, reason=life.asking["taken_back"], by=life.agent(), now=life.now)
    yield life.at(at + life.update * 0.5)
    life.decide(money, "partly", offer_kind="money", offer_amount=Decimal("95.00"))


def got_its_answer(life):
    """Cause, remedy, by when, whom to contact: answered, and not yet resolved."""
    at = yield from answered(life, life.response + life.update * 0.8)
    yield life.at(at + life.update * 0.2)
    asks = life.ask(2)
    yield life.at(at + life.update * 0.5)
    for ask in asks:
        life.decide(ask, "granted")
    life.give_answer(life.hours.add(life.end, life.update * 1.5))
