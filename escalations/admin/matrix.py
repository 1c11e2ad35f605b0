"""The escalation matrix on one page: read, asked about, put in order, switched, duplicated."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import roles
from cases.admin.fields import ReasonField
from cases.admin.why import WhyForm
from cases.errors import Refused
from cases.views.finding import reading
from cases.views.talking import REFUSED
from escalations import matrix
from escalations.forms.matrix import WhichRule
from escalations.models import Rule
from escalations.operations import matrix as operations

NAME = "escalations_rule"
ADDRESS = f"admin:{NAME}_matrix"


class SwitchForm(WhyForm):
    """A rule in force changes with a reason, as on its own page."""

    change_reason = ReasonField(required=True)


class MatrixPages:
    """Pages of the rules beside the console's own list of them."""

    # Where the sidebar leads.
    entrance = "matrix"

    def get_urls(self):
        pages = (
            ("matrix/", self.matrix, "matrix"),
            ("matrix/order/", self.put_in_order, "order"),
            ("<int:pk>/switch/", self.switch, "switch"),
            ("<int:pk>/copy/", self.duplicate, "copy"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=f"{NAME}_{name}")
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]

    # --- read and asked ---

    @method_decorator(require_GET)
    def matrix(self, request):
        """The rows; asked which rule a case would get, each with its verdict."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asking = WhichRule(request.GET if "trigger" in request.GET else None, person=request.user)
        asked = None
        if asking.is_bound and asking.is_valid():
            asked = asking.asked()
            if asking.case is not None:
                reading(request, asking.case, via="console")
        return self._show(request, asking=asking, asked=asked)

    def _show(self, request, *, asking, asked=None, status=200, **context):
        now = timezone.now()
        seen = operations.revisions()
        context |= {
            **self.admin_site.each_context(request),
            "title": _("Escalation matrix"),
            "opts": self.opts,
            "matrix": matrix.read(now=now, seen=seen, asked=asked),
            "changes": matrix.last_changes(now=now),
            "asking": asking,
            "may_publish": roles.may(request.user, "rules.publish"),
            "may_draft": self.has_add_permission(request),
            "media": self.media + asking.media,
        }
        return render(request, "admin/matrix.html", context, status=status)

    # --- changed ---

    @method_decorator(require_POST)
    def put_in_order(self, request):
        """The whole order at once, or one row up or down by its button; refused, what was wanted stays."""
        self._require_publisher(request)
        try:
            shown, seen = matrix.read_token(request.POST.get("seen", ""))
            order = self._wanted(request.POST, shown)
        except ValueError as error:
            raise Http404 from error
        reason = request.POST.get("change_reason", "")[:200]
        try:
            moved = operations.reorder(
                order=order, seen=seen, by=request.user, now=timezone.now(), reason=reason
            )
        except Refused as refused:
            asking = WhichRule(person=request.user)
            wanted = self._names(order)
            return self._show(
                request, asking=asking, status=REFUSED, refused=refused.messages, wanted=wanted, reason=reason
            )
        messages.success(
            request,
            _("The matrix is asked in this order from now on.") if moved else _("The order is as it was."),
        )
        return redirect(ADDRESS)

    def _wanted(self, posted, shown):
        """The order asked for, of rules by their ids. Raises ValueError for what is none."""
        if "up" not in posted and "down" not in posted:
            return [int(pk) for pk in posted.get("order", "").split(",") if pk]
        pk, step = (int(posted["up"]), -1) if "up" in posted else (int(posted["down"]), 1)
        order, at = list(shown), shown.index(pk)
        to = min(max(at + step, 0), len(order) - 1)
        order.insert(to, order.pop(at))
        return order

    def _names(self, order):
        rules = Rule.objects.in_bulk(order)
        return [rules[pk].name for pk in order if pk in rules]

    @method_decorator(require_http_methods(["GET", "POST"]))
    def switch(self, request, pk):
        """Why, and then the button."""
        self._require_publisher(request)
        rule = self._rule_or_404(request, pk)
        turns_on = not rule.is_active
        form = SwitchForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            # What the page showed decides: pressed twice, it is not switched back.
            turns_on = request.POST.get("to", "on" if turns_on else "off") == "on"
            try:
                reason = form.cleaned_data["change_reason"]
                operations.switch(
                    rule=rule, is_active=turns_on, by=request.user, now=timezone.now(), reason=reason
                )
            except Refused as refused:
                for sentence in refused.messages:
                    messages.error(request, sentence)
            else:
                said = _("“%(rule)s” is asked from now on.") if turns_on else _("“%(rule)s” is off.")
                messages.success(request, said % {"rule": rule.name})
                return redirect(ADDRESS)
        title = _("Switch on “%(rule)s”") if turns_on else _("Switch off “%(rule)s”")
        effect = (
            _("It is asked from now on, in its place; escalations that run stay as they are.")
            if turns_on
            else _("Cases that it would have started go on to the rules below it; those that run stay.")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": title % {"rule": rule.name},
            "button": _("Switch it on") if turns_on else _("Switch it off"),
            "to": "on" if turns_on else "off",
            "form": form,
            "opts": self.opts,
            "original": rule,
            "effects": [effect],
            "media": self.media + form.media,
            "back": reverse(ADDRESS),
        }
        return render(request, "admin/switch_rule.html", context)

    @method_decorator(require_POST)
    def duplicate(self, request, pk):
        if not self.has_add_permission(request):
            raise PermissionDenied
        rule = self._rule_or_404(request, pk)
        copy = operations.duplicate(rule=rule, by=request.user, now=timezone.now())
        messages.success(
            request,
            _("“%(rule)s” is switched off: change it, then a manager switches it on.") % {"rule": copy.name},
        )
        return redirect(f"admin:{NAME}_change", copy.pk)

    # --- told ---

    def save_model(self, request, obj, form, change):
        """The form's own way to change a rule: those who work by the matrix hear of it as well."""
        was_asked = change and form.initial.get("is_active", False)
        super().save_model(request, obj, form, change)
        if obj.is_active or was_asked:
            operations.tell(rule=obj, by=request.user, now=timezone.now())

    def delete_model(self, request, obj):
        was_asked = obj.is_active
        super().delete_model(request, obj)
        if was_asked:
            operations.tell(rule=obj, by=request.user, now=timezone.now())

    def _require_publisher(self, request):
        if not self.may_switch(request):
            raise PermissionDenied

    def _rule_or_404(self, request, pk):
        rule = self.get_object(request, str(pk))
        if rule is None:
            raise Http404
        return rule
