"""The reconciler: which timers every case must have, derived from its state, compared with those it has.

The engine fires what is in the table; this sees to it that the table is right, for every case of any age on
which anything is open, whatever went wrong: a lost row, a hand in the database, a fault of ours. It goes
round all of them in slices and keeps its place in a row, reads without locks, and locks and looks again only
where something seems wrong. What it puts right stands in the case's history and in
`TimerRepair.objects.tally()`.
"""

from .comparing import Scope, expects, knows_holders
from .mending import Report, mend
from .rounds import go_on, last_round, look, next_slice, whole_round

__all__ = [
    "Report",
    "Scope",
    "expects",
    "go_on",
    "knows_holders",
    "last_round",
    "look",
    "mend",
    "next_slice",
    "whole_round",
]
