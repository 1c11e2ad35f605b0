"""A desk with two departments and somebody of every role, as tests of who may what need it."""

from types import SimpleNamespace

from rest_framework.test import APIClient

from cases.states import Metric
from tests import factories as make

HOUR = 3600


def desk():
    """Care (Ana and Jonas work, Marta supervises) and Billing (Bruno works, Sven supervises).

    Priya manages, Audre audits, Adam administers. A first response is owed within an hour; what breaches that
    goes to Care, then Marta, then Priya.
    """
    ana, jonas, marta = make.person("Ana"), make.person("Jonas"), make.person("Marta", role="supervisor")
    bruno, sven = make.person("Bruno"), make.person("Sven", role="supervisor")
    priya = make.person("Priya", role="manager")
    care = make.team("Care", people=[ana, jonas], lead=marta)
    billing = make.team("Billing", people=[bruno], lead=sven)
    targets = {Metric.FIRST_RESPONSE: HOUR, Metric.NEXT_UPDATE: 4 * HOUR, Metric.RESOLUTION: 8 * HOUR}
    make.policy(targets={(metric, None): term for metric, term in targets.items()})
    levels = [{"team": care, "acknowledge_seconds": 1800}, {"person": marta}, {"person": priya}]
    path = make.path(levels=levels, fallback=priya)
    make.rule(path, metric=Metric.FIRST_RESPONSE)
    return SimpleNamespace(
        ana=ana,
        jonas=jonas,
        marta=marta,
        bruno=bruno,
        sven=sven,
        priya=priya,
        care=care,
        billing=billing,
        path=path,
        audre=make.person("Audre", role="auditor"),
        adam=make.person("Adam", role="administrator"),
        waiting=make.pause_reason(),
    )


def asks(person=None):
    """A program that asks on behalf of `person`; of a stranger, without one."""
    client = APIClient()
    if person is not None:
        client.force_authenticate(person)
    return client


# Somebody of every role, of the case's own team (Care) or not, and a stranger.
EVERYBODY = ("ana", "bruno", "marta", "sven", "priya", "audre", "adam", None)


def statuses(desk, ask):
    """{who: the status that `ask(client)` answers} for everybody."""
    return {who: ask(asks(getattr(desk, who) if who else None)).status_code for who in EVERYBODY}


def expected(default, **others):
    """Strangers are asked to come in, administrators work on no cases; all others as said."""
    return {**dict.fromkeys(EVERYBODY, default), "adam": 403, None: 401, **others}


def refusal(response):
    return response.status_code, response.data["code"]
