"""Regulatory packs: what laws promise, and the pages that turn packs on and off and confirm their terms."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import law_words, roles
from cases.console import HistoryAdmin, display
from cases.errors import Refused
from cases.models import PackConfirmation, PackTerm, PackVersion
from cases.operations import packs
from cases.packs import facts
from cases.packs import packs as known_packs

from .bases import ReadOnly
from .calendars import PartAdmin
from .pack_forms import ConfirmForm, TurnOffForm, TurnOnForm, looked_back, warnings
from .pack_list import ShownTerm, shown_packs
from .versions import posted, published


@admin.register(PackVersion)
class PackVersionAdmin(ReadOnly, HistoryAdmin):
    """The list says what there is; a pack is turned on, changed and turned off on a page of its own."""

    list_display = ("name", "number", "holds", "effective_at", "calendar", "shown_published", "note")
    list_display_links = ("name", "number")
    list_select_related = ("calendar", "published_by")
    ordering = ("-pk",)
    sortable_by = ()
    list_before_template = "admin/packs.html"
    change_list_template = "admin/packs_list.html"
    fields = (("name", "number"), ("effective_at", "shown_published"), ("calendar", "note"), "holds_for")
    readonly_fields = ("name", "shown_published", "holds_for")

    def get_queryset(self, request):
        return (
            super().get_queryset(request).select_related("calendar", "published_by").prefetch_related("terms")
        )

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("pack/<slug:key>/", view(self.turn_on), name="cases_packversion_on"),
            path("pack/<slug:key>/off/", view(self.turn_off), name="cases_packversion_off"),
            path("term/<slug:key>/confirm/", view(self.confirm), name="cases_packversion_confirm"),
            *super().get_urls(),
        ]

    # --- what is shown ---

    def changelist_view(self, request, extra_context=None):
        shown = {
            "packs": shown_packs(timezone.now()) if self.has_view_permission(request) else (),
            "may_publish": roles.may(request.user, "rules.publish"),
        }
        response = super().changelist_view(request, {**(extra_context or {}), **shown})
        listed = getattr(response, "context_data", {}).get("cl")
        if listed is not None and not listed.result_count:
            listed.full_result_count = 0  # else the page's head says that none of many was found
        return response

    @display(description=gettext_lazy("pack"))
    def name(self, version):
        return version.name

    @display(description=gettext_lazy("published"))
    def shown_published(self, version):
        return published(version)

    @display(description=gettext_lazy("holds"))
    def holds(self, version):
        keys = {term.key for term in version.terms.all()}
        words = ngettext("%(n)d term", "%(n)d terms", len(keys))
        return words % {"n": len(keys)} if keys else _("off")

    @display(description=gettext_lazy("what holds, and for whom"))
    def holds_for(self, version):
        terms = version.terms.select_related("category", "customer").order_by("pk")
        return "; ".join(f"{term.source}: {for_whom(term)}" for term in terms) or _("off")

    # --- what is done ---

    def turn_on(self, request, key):
        pack, version = self._pack_or_404(request, key), self._in_force(key)
        form = TurnOnForm(posted(request), pack=pack, version=version)
        looked = None
        if request.method == "POST" and form.is_valid():
            given = {"calendar": form.cleaned_data["calendar"], "chosen": form.chosen()}
            now = timezone.now()
            if "look" in request.POST:
                looked = looked_back(pack, now=now, **given)
            elif self._done(
                request,
                lambda: packs.turn_on(
                    pack=key,
                    by=request.user,
                    now=now,
                    effective_at=form.cleaned_data["effective_at"],
                    reason=form.cleaned_data["change_reason"],
                    **given,
                ),
                _("Turned on: %(pack)s.") % {"pack": law_words.said(pack.name)},
            ):
                return redirect(self._list())
        is_on = version is not None and version.terms.exists()
        title = _("Change %(pack)s") if is_on else _("Turn on %(pack)s")
        context = {
            "looked": looked,
            "pack": pack,
            "not_seen": [ShownTerm(fact, None, False) for fact in pack.terms if fact.ends_on is None],
            "warnings": warnings(pack, form),
        }
        return self._ask(
            request,
            form,
            template="admin/pack_on.html",
            title=title % {"pack": law_words.said(pack.name)},
            button=_("Publish the change") if is_on else _("Turn it on"),
            effects=[_("Cases received from then on get these clocks; open cases keep the ones they have.")],
            **context,
        )

    def turn_off(self, request, key):
        pack = self._pack_or_404(request, key)
        form = TurnOffForm(posted(request))
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            given = {"by": request.user, "now": timezone.now(), "effective_at": said["effective_at"]}
            if self._done(
                request,
                lambda: packs.turn_off(pack=key, reason=said["change_reason"], **given),
                _("Turned off: %(pack)s.") % {"pack": law_words.said(pack.name)},
            ):
                return redirect(self._list())
        effects = [_("Cases received from then on get no clock of it. What open cases are owed stays owed.")]
        title = _("Turn off %(pack)s") % {"pack": law_words.said(pack.name)}
        return self._ask(request, form, title=title, button=_("Turn it off"), effects=effects)

    def confirm(self, request, key):
        self._require_publisher(request)
        fact = facts().get(key)
        if fact is None or fact.is_certain:
            raise Http404
        form = ConfirmForm(posted(request))
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            given = {"key": key, "note": note, "by": request.user, "now": timezone.now()}
            words = _("Confirmed in your name: %(term)s.") % {"term": fact.source}
            if self._done(request, lambda: packs.confirm(**given), words):
                return redirect(self._list())
        counting = law_words.counting(fact.term("UTC")) if fact.counts_days else ""
        effects = [
            law_words.promise(fact),
            _("On: %(trigger)s. For: %(scope)s.")
            % {"trigger": law_words.said(fact.trigger), "scope": law_words.said(fact.scope)},
            _("Source: %(source)s. Certainty %(certainty)s.")
            % {"source": fact.source, "certainty": law_words.certainty(fact.certainty)},
            *(
                [_("Counted: %(how)s (%(source)s).") % {"how": counting, "source": fact.counting.source}]
                if counting
                else []
            ),
            *([law_words.said(fact.note)] if fact.note else []),
            fact.url,
        ]
        title = _("Confirm %(term)s") % {"term": fact.source}
        button = _("Confirm in my name")
        return self._ask(
            request, form, title=title, button=button, effects=[words for words in effects if words]
        )

    def _require_publisher(self, request):
        if not roles.may(request.user, "rules.publish"):
            raise PermissionDenied

    def _pack_or_404(self, request, key):
        self._require_publisher(request)
        if key not in known_packs():
            raise Http404
        return known_packs()[key]

    def _in_force(self, key):
        """The newest version, planned ones included: what a change begins from."""
        found = PackVersion.objects.published().filter(pack=key).select_related("calendar")
        return found.order_by("-number").first()

    def _done(self, request, do, words):
        """Whether `do()` was not refused; what refused it is said."""
        try:
            do()
        except Refused as refused:
            for sentence in refused.messages:
                messages.error(request, sentence)
            return False
        messages.success(request, words)
        return True

    def _list(self):
        return reverse("admin:cases_packversion_changelist")

    def _ask(self, request, form, *, title, button, template="admin/ask.html", **context):
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "button": button,
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
            "back": self._list(),
        }
        return render(request, template, context)


def for_whom(term):
    """Which cases a PackTerm holds for, in words."""
    words = [str(what) for what in (term.category, term.customer) if what]
    return ", ".join(words) or _("all cases")


@admin.register(PackTerm)
class PackTermAdmin(PartAdmin):
    list_display = ("version", "key", "category", "customer", "rule", "ends_on")
    list_select_related = ("version", "category", "customer")


@admin.register(PackConfirmation)
class PackConfirmationAdmin(PartAdmin):
    list_display = ("key", "says", "confirmed_by", "confirmed_at", "note")
    list_select_related = ("confirmed_by",)
