"""Verbs: POST actions that check who asks, read what was said, call one operation and answer."""

from functools import wraps

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from cases import history


def verb(*, says, answers, asks="case.work", status=200, detail=True, **named):
    """Make `f(self, subject, said, *, by, now)` a POST action on what the address names.

    `says` reads the body, `answers` shows what `f` returns; `asks` is the action of the table of roles.
    Without `detail` it is done to all of a list, or to what has no list.
    """

    def decorate(operate):
        @documented(says=says, answers=answers, status=status)
        @action(
            detail=detail, methods=["post"], asks=asks, filterset_class=None, pagination_class=None, **named
        )
        @wraps(operate)
        def post(self, request, **kwargs):
            return carry_out(
                self, request, self.subject(), operate, says=says, answers=answers, status=status
            )

        return post

    return decorate


def documented(*, says, answers, status):
    return extend_schema(request=says, responses={status: answers})


def carry_out(view, request, subject, operate, *, says, answers, status):
    """Read the body, do it in one transaction signed as come by the API, and show what came of it."""
    now = timezone.now()
    context = {**view.get_serializer_context(), "subject": subject}
    said = says(data=request.data, context=context)
    said.is_valid(raise_exception=True)
    with history.acting(by=request.user, reason="", now=now, via="api"):
        done = operate(view, subject, said.validated_data, by=request.user, now=now)
    return Response(answers(done, context=context).data, status=status)
