"""What a fire costs: the engine, a save() a row, and one hand-written statement, on the same tables.

A fire is a level that ran out unacknowledged: the timer is claimed, the old term and handoff are ended, the
escalation moves up, the next holder gets handoff, term, notices and timer, the case's standing changes, and
the database writes the history of all that. PostgreSQL only.
"""
