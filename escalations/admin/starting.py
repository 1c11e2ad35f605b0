"""A path begun from a template, or from another path."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import durations
from cases.admin.versions import posted
from cases.console import action
from cases.errors import Refused
from cases.views.talking import REFUSED
from escalations import path_templates
from escalations.forms.starting import NewPathForm, RolesForm
from escalations.models import Responsible
from escalations.operations import starting

NAME = "escalations_escalationpath"


class StartPages:
    actions_list = ("templates",)

    def get_urls(self):
        page = self.admin_site.admin_view(self.from_template)
        return [path("templates/<slug:key>/", page, name=f"{NAME}_template"), *super().get_urls()]

    @action(
        description=gettext_lazy("Start from a template"),
        url_path="templates",
        icon="dashboard_customize",
        permissions=["draft"],
    )
    def templates(self, request):
        """The five, each with its ladder."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Start from a template"),
            "opts": self.opts,
            "templates": [(found, _rungs(found)) for found in path_templates.templates()],
            "media": self.media,
        }
        return render(request, "admin/path_templates.html", context)

    def from_template(self, request, key):
        """Who fills its roles; then a draft."""
        if not self.has_draft_permission(request):
            raise PermissionDenied
        template = path_templates.template(key)
        if template is None:
            raise Http404
        form = RolesForm(posted(request), template=template, initial={"name": template.name})
        if request.method == "POST" and form.is_valid():
            said = {"name": form.cleaned_data["name"], "reason": form.cleaned_data["change_reason"]}
            begin = starting.start_from
            if draft := self._begin(request, form, begin, template=template, chosen=form.chosen(), **said):
                return draft
        return self._ask_name(
            request,
            form,
            title=_("New path from “%(template)s”") % {"template": template.name},
            effects=[template.about, _("The draft takes effect for nobody until it is published.")],
            back=reverse(f"admin:{NAME}_templates"),
            template="admin/path_template.html",
            rungs=_rungs(template),
        )

    @action(
        description=gettext_lazy("Copy as a new path"),
        url_path="copy",
        icon="content_copy",
        permissions=["draft"],
    )
    def copy(self, request, object_id):
        """What is in force, else the newest draft, as the first draft of another path."""
        original = self.get_object(request, str(object_id))
        if original is None:
            raise Http404
        version = self._version_to_copy(original)
        form = NewPathForm(posted(request), initial={"name": _("%(name)s (copy)") % {"name": original.name}})
        if request.method == "POST" and form.is_valid():
            said = {"name": form.cleaned_data["name"], "reason": form.cleaned_data["change_reason"]}
            if draft := self._begin(request, form, starting.copy_path, version=version, **said):
                return draft
        return self._ask_name(
            request,
            form,
            title=_("New path from %(version)s") % {"version": version},
            effects=[_("Its draft begins with everything that %(version)s says.") % {"version": version}],
            back=reverse(f"admin:{NAME}_change", args=[original.pk]),
        )

    def _version_to_copy(self, original):
        in_force = self.model.objects.filter(pk=original.pk).version_in_force(timezone.now())
        newest = original.versions.select_related("path").order_by("-number").first()
        return in_force.get(original.pk) or newest

    def _begin(self, request, form, operation, **given):
        """The way to the draft, or None where the operation refused it."""
        try:
            draft = operation(by=request.user, now=timezone.now(), **given)
        except Refused as refused:
            form.add_error(None, refused)
            return None
        messages.success(
            request, _("%(version)s is a draft; it takes effect when it is published.") % {"version": draft}
        )
        return redirect(self.version_address("change", draft.pk))

    def _ask_name(self, request, form, *, template="admin/ask.html", **context):
        context |= {
            **self.admin_site.each_context(request),
            "button": _("Make the draft"),
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        return render(request, template, context, status=REFUSED if form.errors else 200)


def _rungs(template):
    """[(number, name, who, terms)] of a template's levels."""
    return [
        (
            number,
            level.name,
            template.role(level.role).name if level.role else str(Responsible(level.responsible).label),
            _terms(level, template),
        )
        for number, level in enumerate(template.levels, 1)
    ]


def _terms(level, template):
    words = {"term": durations.word(level.acknowledge_seconds)}
    said = [_("acknowledge within %(term)s") % words]
    if level.work_seconds:
        said.append(_("work within %(term)s") % {"term": durations.word(level.work_seconds)})
    if template.is_around_the_clock:
        said.append(_("day and night"))
    steps = len(level.steps)
    said.append(ngettext("a checklist of %(n)d step", "a checklist of %(n)d steps", steps) % {"n": steps})
    return ", ".join(said)
