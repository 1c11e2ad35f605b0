"""The ladder in the API: escalations and handoffs, options and questions, to read and to move."""

from .ladder import ROUTES as LADDER
from .responses import ROUTES as RESPONSES

ROUTES = [*RESPONSES, *LADDER]
