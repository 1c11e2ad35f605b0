"""Server time of the pages that people live in, at two sizes of desk: python tests/benchmarks/bench_queue.py
[--keep] [--only=PART OF A PAGE'S NAME] [SIZE ...]

On the PostgreSQL server that DATABASE_URL names, in test databases of its own, which are dropped after unless
they are to be kept for the next run: that one finds them as they are and migrates nothing, since the history
of so many rows made without writers would be written then. 10,000 and 1,000,000 cases, or as many as said. Of
them a fifth is live, in forty teams, two messages each. Every page is asked for through Django's test client,
middleware and templates included, of the sizes by turns; printed are the least, the median and the 95th
percentile in milliseconds, and how many times those of the first size those of the last one are. On a machine
that does other things too, the least tells most.
"""

import os
import sys
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from cases import history, writers  # noqa: E402
from cases.models import Calendar, Case, Customer, Membership, PauseReason, Person, Standing, Team  # noqa: E402
from cases.operations import intake, talk  # noqa: E402
from cases.orders import ORDERS  # noqa: E402
from reports import counting  # noqa: E402

TEAMS, AGENTS = 40, 200
# Turns, each with some requests that do not count and some that do.
ROUNDS, WARM, IN_A_ROW = 4, 1, 3
WORDLESS = ("cases_message_words", "cases_case_words")

# The i-th case: a fifth live; of those a tenth overdue, a tenth at risk, a tenth paused, the rest due later.
CASES = """
INSERT INTO cases_case (id, customer_id, subject, status, priority, channel, language, owner_id, team_id,
    policy_version_id, reference, is_restricted, restricted_because, received_at, resolved_at, closed_at,
    reopened_count, reassigned_count, revision)
SELECT i, c.first + hashint4(i) %% {customers} + CASE WHEN hashint4(i) %% {customers} < 0 THEN {customers}
        ELSE 0 END,
    CASE i %% 7 WHEN 0 THEN 'Charged twice for ' ELSE 'No connection since ' END || i,
    CASE WHEN i %% 5 = 0 THEN 'open' ELSE 'closed' END, 1 + i %% 4, 'mail', 'en',
    CASE WHEN i %% 25 <> 0 THEN a.first + (i / 5) %% {agents} END, t.first + (i / 5) %% {teams}, v.id,
    CASE WHEN i %% 3 = 0 THEN 'INV-' || i ELSE '' END, i %% 1000 = 500,
    CASE WHEN i %% 1000 = 500 THEN 'staff matter' ELSE '' END, {received},
    NULL, CASE WHEN i %% 5 <> 0 THEN %(now)s::timestamptz END, 0, 0, 1
FROM generate_series(1, {number}) AS i,
    (SELECT min(id) AS first FROM cases_customer) c, (SELECT min(id) AS first FROM cases_team) t,
    (SELECT min(id) AS first FROM cases_person WHERE username LIKE 'agent%%') a,
    (SELECT min(id) AS id FROM cases_slapolicyversion) v
"""
RECEIVED = "%(now)s::timestamptz - interval '1 minute' - ({number} - i) * interval '30 days' / {number}"
DUE = """%(now)s::timestamptz + CASE i / 5 %% 10 WHEN 0 THEN - (hashint4(i) & 65535) * interval '1 second'
    ELSE (600 + (hashint4(i) & 262143)) * interval '1 second' END"""
CLOCKS = """
INSERT INTO cases_clock (id, case_id, metric, calendar_id, term_seconds, used_seconds, at_risk_percent,
    ends_on, label, state, started_at, due_at, late_after, at_risk_at, breached_at, revision, breach_kind)
SELECT i, i, 'resolution', k.id, 3600, 0, 75, 'resolved', '', 'running', c.received_at, d.due_at, d.due_at,
    CASE WHEN i / 5 %% 10 = 1 THEN %(now)s::timestamptz - interval '1 minute'
        ELSE d.due_at - interval '10 minutes' END,
    CASE WHEN i / 5 %% 10 = 0 THEN d.due_at END, 1, 'clock_breached'
FROM generate_series(5, {number}, 5) AS i JOIN cases_case c ON c.id = i, cases_calendar k,
    LATERAL (SELECT {due} AS due_at) d WHERE k.is_default
"""
STANDINGS = """
INSERT INTO cases_standing (case_id, kind, metric, clock_id, whose_id, whose_team_id, due_at, at_risk_at,
    pause_reason, is_breached, is_waiting, sort_at, status, priority, team_id, owner_id,
    received_at, is_restricted, changed_at, is_owed_apart, holder_id, holder_team_id)
SELECT c.id, CASE WHEN k.id IS NULL THEN 'nothing' ELSE 'clock' END, coalesce(k.metric, ''), k.id,
    CASE WHEN k.id IS NULL THEN NULL ELSE c.owner_id END,
    CASE WHEN k.id IS NOT NULL AND c.owner_id IS NULL THEN c.team_id END,
    k.due_at, k.at_risk_at, '', k.breached_at IS NOT NULL, false, coalesce(k.due_at, '9000-01-01'), c.status,
    c.priority, c.team_id, c.owner_id, c.received_at, c.is_restricted,
    c.received_at + interval '30 seconds', false,
    CASE WHEN c.id %% 100 = 5 THEN a.first + (c.id / 7) %% {agents} END,
    CASE WHEN c.id %% 100 = 10 THEN t.first + (c.id / 7) %% {teams} END
FROM cases_case c LEFT JOIN cases_clock k ON k.case_id = c.id,
    (SELECT min(id) AS first FROM cases_team) t,
    (SELECT min(id) AS first FROM cases_person WHERE username LIKE 'agent%%') a
"""
PAUSES = """
INSERT INTO cases_pause (case_id, reason_id, started_at, expected_end_at, started_by_id, note, stops)
SELECT i, r.id, %(now)s::timestamptz - interval '1 hour', %(now)s::timestamptz + interval '1 day', p.id, '',
    '["next_update", "resolution"]'
FROM generate_series(10, {number}, 50) AS i, (SELECT min(id) AS id FROM cases_pausereason) r,
    (SELECT min(id) AS id FROM cases_person WHERE username LIKE 'agent%%') p
"""
PROMISES = """
INSERT INTO cases_promise (case_id, what, due_at, told_at, kind, told_by_channel, made_by_id, state)
SELECT i, 'Call back', %(now)s::timestamptz + (i %% 100000) * interval '2 seconds' + interval '1 minute',
    %(now)s::timestamptz - interval '1 hour', 'update', 'mail', p.id, 'open'
FROM generate_series(15, {number}, 100) AS i,
    (SELECT min(id) AS id FROM cases_person WHERE username LIKE 'agent%%') p
"""
OF_STANDINGS = """
UPDATE cases_standing s SET is_waiting = EXISTS (SELECT 1 FROM cases_pause p WHERE p.case_id = s.case_id),
    promised_at = (SELECT min(due_at) FROM cases_promise p WHERE p.case_id = s.case_id)
WHERE s.status = 'open'
"""
MESSAGES = """
INSERT INTO cases_message (case_id, direction, channel, body, author_id, is_automatic, occurred_at,
    recorded_at)
SELECT c.id, CASE n WHEN 1 THEN 'in' ELSE 'internal' END, CASE n WHEN 1 THEN 'mail' ELSE '' END,
    'The invoice of ' || (ARRAY['May', 'June', 'July'])[1 + c.id %% 3] || ' charges line ' || c.id %% 97
    || ' twice, for our branch number ' || c.id || '. Nobody has answered our letters'
    || CASE WHEN c.id %% 1000 = 7 THEN ' about the lighthouse' ELSE '' END
    || CASE WHEN c.id %% 2000 = 15 THEN ' and the marmalade' ELSE '' END
    || '. Please look into it, and tell us by when it is credited; word' || (c.id * 7919) %% 50000 || '.',
    CASE n WHEN 1 THEN NULL ELSE p.id END, false, c.received_at, c.received_at
FROM cases_case c, generate_series(1, 2) n,
    (SELECT min(id) AS id FROM cases_person WHERE username LIKE 'agent%%') p
"""


def build(number, now):
    """Fill the empty database with `number` cases; without writers, whose rows nothing here reads."""
    with history.acting(by=history.INSTALLATION, reason="benchmark", now=now, via="program"):
        people(number)
    writers.remove(connection)
    names = {
        "number": number,
        "customers": max(1, number // 50),
        "agents": AGENTS,
        "teams": TEAMS,
        "received": RECEIVED.format(number=number),
        "due": DUE,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [list(WORDLESS)])
        indexes = [row[0] for row in cursor.fetchall()]
        for index in WORDLESS:
            cursor.execute(f"DROP INDEX {index}")
        for statement in (CASES, CLOCKS, STANDINGS, PAUSES, PROMISES, OF_STANDINGS, MESSAGES):
            cursor.execute(statement.format(**names), {"now": now})
        for index in indexes:
            cursor.execute(index)
        for table in ("cases_case", "cases_clock"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    writers.install(connection)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def people(number):
    calendar = Calendar.objects.get(is_default=True)
    PauseReason.objects.create(
        code="customer", name="Customer", stops=["resolution"], waits_for_customer=True
    )
    Team.objects.bulk_create(Team(name=f"Team {n}", calendar=calendar) for n in range(TEAMS))
    Person.objects.bulk_create(
        Person(username=f"agent{n}", name=f"Agent {n}", role="agent", password="!") for n in range(AGENTS)
    )
    Person.objects.create(username="manager", name="Marta", role="manager", password="!")
    teams = list(Team.objects.order_by("pk"))
    agents = list(Person.objects.filter(username__startswith="agent").order_by("pk"))
    Membership.objects.bulk_create(
        Membership(team=teams[(n + more) % TEAMS], person=agent, position=n)
        for n, agent in enumerate(agents)
        for more in (0, 1)
    )
    Customer.objects.bulk_create(
        Customer(name=f"{['Aurora', 'Borealis', 'Cascade', 'Delta'][n % 4]} {n} Ltd")
        for n in range(max(1, number // 50))
    )


def long_case(now):
    """A case of the first agent's with 200 messages, made as people make them."""
    agent = Person.objects.get(username="agent0")
    case = intake.open_case(
        customer=Customer.objects.order_by("pk").first(),
        subject="A long story",
        body="It began long ago.",
        channel="mail",
        team=agent.teams.order_by("pk").first(),
        owner=agent,
        by=agent,
        now=now,
    )
    for number in range(199):
        done = talk.note if number % 2 else talk.reply
        done(case=case, body=f"Part {number} of a long story.", by=agent, now=now)
    return case


def pages(now):
    """{name: (person, address)} of everything that is measured."""
    agent, manager = Person.objects.get(username="agent0"), Person.objects.get(username="manager")
    case = Case.objects.filter(subject="A long story").first() or long_case(now)
    queue, found = reverse("case-list"), {}
    for who in (agent, manager):
        base = "" if who == agent else "view=all&"
        for order in ORDERS.values():
            key = order.key and f"sort={order.key}&"
            found[f"{who.role}: by {order.key or 'owed'}"] = (who, f"{queue}?{base}{key}")
            found[f"{who.role}: by {order.key or 'owed'}, deep"] = (
                who,
                f"{queue}?{base}{key}after={deep(order)}",
            )
        for view in ("team", "unassigned", "risk", "waiting", "promises"):
            found[f"{who.role}: {view}"] = (who, f"{queue}?view={view}")
        for name, words in SEARCHES.items():
            found[f"{who.role}: search, {name}"] = (who, f"{queue}?q={words}")
        found[f"{who.role}: API list"] = (who, "/api/v1/cases/")
        found[f"{who.role}: API list, deep"] = (who, None)
        shown = Standing.objects.live().in_order().values_list("pk", flat=True)[:50]
        found[f"{who.role}: live refresh"] = (
            who,
            f"{reverse('case-list-live')}?{base}" + "&".join(f"row={pk}" for pk in shown),
        )
    began = perf_counter()
    counting.refresh(now=now)
    print(f"  the days counted in {perf_counter() - began:.1f} s", flush=True)
    for name, address in DASHBOARD.items():
        found[f"manager: {name}"] = (manager, address)
    found["agent: case, 200 messages"] = (agent, reverse("case", args=[case.number]))
    for model in admin.site._registry:
        found[f"console: {model._meta.verbose_name_plural}"] = (
            manager,
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
        )
    return found


DASHBOARD = {
    "dashboard": "/reports/?days=90",
    "dashboard API": "/api/v1/dashboard/",
    "dashboard, late now": "/reports/now/late/",
    "dashboard, promises": "/reports/now/promises/",
    "dashboard, over load": "/reports/now/load/",
    "dashboard, received": "/reports/happened/received/",
    "dashboard, breached": "/reports/happened/breached/",
    "dashboard, ended in time": "/reports/happened/met/",
    "dashboard, ended late": "/reports/happened/missed/",
    "dashboard, reopened": "/reports/happened/reopened/",
}

SEARCHES = {
    "one case": "branch+10000",
    "1 in 1000": "lighthouse",
    "two words": "marmalade+invoice",
    "every case": "invoice",
    "a customer": "aurora+4+ltd",
    "nothing": "zeppelin",
}


def deep(order):
    """The key half way down that order."""
    live = Standing.objects.live().order_by(*order.columns).select_related("case__customer")
    middle = live.count() // 2
    return quote(order.key_of(live[middle]))


class Desk:
    """One size of desk, in a database of its own."""

    def __init__(self, number, keep):
        self.number, self.keep = number, keep
        self.ours, self.name = connection.settings_dict["NAME"], f"bench_queue_{number}"
        connection.settings_dict["TEST"]["NAME"] = self.name
        if not (keep and self.is_there()):
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        self.enter()
        now = timezone.now()
        if not Case.objects.exists():
            began = perf_counter()
            build(number, now)
            print(f"{number:,} cases built in {perf_counter() - began:.0f} s", flush=True)
        self.pages = pages(now)
        self.leave()

    def is_there(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            return cursor.fetchone() is not None

    def enter(self):
        self._use(self.name)

    def leave(self):
        self._use(self.ours)

    def drop(self):
        if not self.keep:
            self.enter()
            connection.creation.destroy_test_db(self.ours, verbosity=0)

    @staticmethod
    def _use(name):
        connection.close()
        connection.settings_dict["NAME"] = name

    def visit(self, name):
        """A Visit to the page of that name."""
        self.enter()
        person, address = self.pages[name]
        client = Client()
        client.force_login(person)
        if address is None:  # the API's cursor, some pages on
            address = "/api/v1/cases/"
            for _page in range(10):
                answer = client.get(address, headers={"accept": "application/json"})
                address = answer.json()["next"] or address
        return Visit(self, client, address)


class Visit:
    """Somebody who asks for one page of one desk again and again."""

    def __init__(self, desk, client, address):
        self.desk, self.client, self.address, self.taken = desk, client, address, []

    def ask(self, times, keep=True):
        self.desk.enter()
        connection.ensure_connection()
        for _turn in range(times):
            began = perf_counter()
            answer = self.client.get(self.address)
            assert answer.status_code == 200, (self.address, answer.status_code)
            answer.getvalue()
            if keep:
                self.taken.append((perf_counter() - began) * 1000)

    def figures(self):
        taken = sorted(self.taken)
        return taken[0], taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def measure(desks, name):
    """[(least, median, p95)] of a page of each desk, asked by turns: what else the machine does hits all."""
    visits = [desk.visit(name) for desk in desks]
    for turn in range(ROUNDS + 1):
        for visit in visits:
            # The first of a connection plans anew.
            visit.ask(WARM, keep=False)
            if turn:
                visit.ask(IN_A_ROW)
    return [visit.figures() for visit in visits]


def main(arguments):
    keep = "--keep" in arguments
    only = [a.removeprefix("--only=") for a in arguments if a.startswith("--only=")] or [""]
    sizes = [int(a) for a in arguments if a.isdecimal()] or [10_000, 1_000_000]
    settings.ALLOWED_HOSTS, desks = ["*"], []
    try:
        desks += (Desk(size, keep) for size in sizes)
        print(f"{'ms: least, median, p95':32}" + "".join(f"{size:>24,}" for size in sizes) + "   times")
        for name in desks[0].pages:
            if not any(part in name for part in only):
                continue
            found = measure(desks, name)
            cells = "".join("   " + "".join(f"{ms:7.1f}" for ms in one) for one in found)
            times = "".join(f"{last / first:6.2f}" for first, last in zip(found[0], found[-1], strict=True))
            print(f"{name:32}{cells}   {times}", flush=True)
    finally:
        for desk in desks:
            desk.drop()


if __name__ == "__main__":
    main(sys.argv[1:])
