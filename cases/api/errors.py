"""Every refusal of the API in one shape: a code for programs, sentences for people, what is wrong where."""

import re

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from cases.errors import AlreadyOpen, ConflictOfInterest, NotTheirs, Refused, StaleCase, StaleSheet

from . import throttles

# What an operation's refusal answers where it is not 400.
STATUS = {
    StaleCase: status.HTTP_409_CONFLICT,
    StaleSheet: status.HTTP_409_CONFLICT,
    AlreadyOpen: status.HTTP_409_CONFLICT,
    NotTheirs: status.HTTP_403_FORBIDDEN,
    ConflictOfInterest: status.HTTP_403_FORBIDDEN,
}


def answers(number, *refusals):
    """Say that these errors of an app's operations answer with HTTP status `number`."""
    STATUS.update(dict.fromkeys(refusals, number))


def code_of(refusal):
    """AlreadyPaused -> already_paused: the error's name is the code."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()


def answer(exc, context):
    """The answer to what a view raised: {code, messages, fields}; None leaves it to Django, as our fault."""
    if isinstance(exc, Refused):
        number = next((STATUS[c] for c in type(exc).__mro__ if c in STATUS), status.HTTP_400_BAD_REQUEST)
        return Response(body(code_of(exc), exc.messages, getattr(exc, "fields", None)), status=number)
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, ValidationError):
        response.data = _invalid(exc.detail)
    elif isinstance(exc, Throttled):
        response.data = body("throttled", [throttles.sentence(exc)])
    else:
        detail = response.data["detail"]
        response.data = body(detail.code, [detail])
    return response


def body(code, messages, fields=None):
    return {"code": code, "messages": [str(m) for m in messages], "fields": fields or {}}


def _invalid(detail):
    if not isinstance(detail, dict):
        return body("invalid", detail)
    fields = dict(_within({name: errors for name, errors in detail.items() if name != "non_field_errors"}))
    whole = detail.get("non_field_errors") or [_("Something sent is missing or wrong; each field says what.")]
    return body("invalid", whole, fields)


def _within(errors, *names):
    """(field, [sentence, …]) of each that is wrong; within a list by its place: cases.0.revision."""
    for name, found in errors.items():
        if isinstance(found, dict):
            yield from _within(found, *names, name)
        elif found and isinstance(found[0], dict):
            yield from _within(dict(enumerate(found)), *names, name)
        else:
            place = [*names, name] if name != "non_field_errors" else names
            yield ".".join(map(str, place)), [str(e) for e in found]
