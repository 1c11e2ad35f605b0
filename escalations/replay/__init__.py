"""Replaying another desk's incident log: its events, in its own time, through our operations and our engine.

`mapping` says what a log calls things, `log` reads it and puts its events in order, `player` acts them out
(in the world that `desk` makes), `verdict` judges and `report` counts what came of it. Mapping, log and
verdict are pure.
"""
