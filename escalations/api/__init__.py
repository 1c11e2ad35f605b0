"""The ladder in the API: escalations and handoffs, options and questions, to read and to move."""

from .ladder import ROUTES as LADDER
from .on_duty import OnDuty
from .responses import ROUTES as RESPONSES

ROUTES = [*RESPONSES, ("paths", OnDuty, "api-escalationpath"), *LADDER]
