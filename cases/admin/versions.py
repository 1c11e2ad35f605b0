"""Versioned configuration: a draft is edited, checked and published; what was published is read."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import roles
from cases.console import PRIMARY, InlineFormSet, MomentField, StackedInline, TabularInline, action, display
from cases.errors import Refused
from cases.operations import drafting

from .bases import Chosen, ReadOnlyInline, ReasonedAdmin, page_link
from .compared import ComparePages
from .state import STATES, published, state_of
from .why import WhyForm

LABELS = {STATES["draft"]: "info", STATES["planned"]: "warning", STATES["in_force"]: "success"}


def posted(request):
    """What a form is bound to: an empty answer is one too."""
    return request.POST if request.method == "POST" else None


class PublishForm(WhyForm):
    effective_at = MomentField(
        label=gettext_lazy("In force from"),
        required=False,
        help_text=gettext_lazy("Empty: from now on."),
    )
    field_order = ("effective_at", "change_reason")


class Parts(InlineFormSet):
    """Rows of a version, of which no two have the same `key`: not even while they trade places."""

    key = ()

    def said(self):
        """What the form says of each row that stays."""
        kept = (form for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE"))
        return [form.cleaned_data for form in kept if form.cleaned_data]

    def save_existing_objects(self, commit=True):
        """What is deleted goes first; what takes another row's place is written anew once it is free."""
        for form in self.initial_forms:
            if form in self.deleted_forms:
                self.delete_existing(form.instance)
        taking = self._taking_a_place()
        for form in taking:
            form.instance.delete()  # without an id, the rows that stay are saved without it
        saved = super().save_existing_objects(commit)
        for form in taking:
            form.instance._state.adding = True
            saved.append(form.save())
            self.changed_objects.append((form.instance, form.changed_data))
        return saved

    def _taking_a_place(self):
        moved = [f for f in self.initial_forms if f.instance.pk and set(self.key) & set(f.changed_data)]
        places = [tuple(form.initial[name] for name in self.key) for form in moved]
        return [form for form in moved if tuple(form.cleaned_data[name] for name in self.key) in places]


class Part(Chosen):
    """Rows of a version: written while it is a draft."""

    formset = Parts

    def _is_draft(self, version):
        return version is not None and version.published_at is None

    def has_add_permission(self, request, obj):
        return self._is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return self._is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self._is_draft(obj) and super().has_delete_permission(request, obj)


class PartInline(Part, TabularInline):
    pass


class StackedPartInline(Part, StackedInline):
    pass


class VersionAdmin(ComparePages, ReasonedAdmin):
    """A version of a calendar, a policy or a path.

    Subclasses name the foreign key to the `whole`, the `operation` that publishes, the `findings` against it.
    """

    whole = None
    operation = None
    findings = None
    actions_detail = ("publish", "compare", "new_draft")
    publish_form = PublishForm
    publish_template = "admin/ask.html"
    ordering = ("-pk",)

    # --- who may ---

    def has_add_permission(self, request):
        return False  # begun from the whole, or from another version

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.published_at is None)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and obj is not None and obj.published_at is None

    def has_draft_permission(self, request, object_id=None):
        return roles.may(request.user, "rules.draft")

    def has_publish_permission(self, request, object_id=None):
        return roles.may(request.user, "rules.publish")

    # --- what is shown ---

    def get_queryset(self, request):
        """With the id of the version of the same whole that is in force now."""
        siblings = self.model._default_manager.filter(
            **{self.whole: OuterRef(self.whole)}, published_at__isnull=False, effective_at__lte=timezone.now()
        )
        newest = siblings.order_by("-effective_at", "-number").values("pk")[:1]
        return (
            super()
            .get_queryset(request)
            .select_related(self.whole, "published_by")
            .annotate(in_force_id=Subquery(newest))
        )

    def get_readonly_fields(self, request, obj=None):
        return (self.whole, "number", "state", "published")

    def get_fields(self, request, obj=None):
        fields = [
            field
            for field in super().get_fields(request, obj)
            if field not in self.get_readonly_fields(request, obj)
        ]
        return [(self.whole, "number", "state", "published"), *fields]

    @display(description=gettext_lazy("state"), label=LABELS)
    def state(self, version):
        return state_of(version)

    @display(description=gettext_lazy("published"))
    def published(self, version):
        return published(version)

    def get_actions_detail(self, request, object_id):
        version = self.get_object(request, str(object_id))
        offered = {self.get_unfold_action(name).action_name for name in self.offered_on(version)}
        return [
            found for found in super().get_actions_detail(request, object_id) if found.action_name in offered
        ]

    def offered_on(self, version):
        """Which of `actions_detail` there are on the page of this version (or of none)."""
        if version is not None and version.published_at is None:
            return self.actions_detail
        return ("compare", "new_draft")

    def effects(self, version):
        """Sentences that say what publishing would change."""
        return ()

    def publish_initial(self, version):
        """What the form that publishes says before anybody answers."""
        return {"effective_at": version.effective_at}

    def publish_arguments(self, form):
        """What the operation is told beside when and why."""
        return {}

    def seen_now(self, version):
        """The hidden fields of the form, as of now."""
        return {}

    def publish_context(self, request, version):
        """What the page that publishes shows beside the findings and the effects."""
        return {}

    def after_publishing(self, request, version):
        """The address to go to."""
        return self.address("change", version.pk)

    # --- what is done ---

    def version_or_404(self, request, object_id):
        version = self.get_object(request, str(object_id))
        if version is None:
            raise Http404
        return version

    @action(
        description=gettext_lazy("Publish…"),
        url_path="publish",
        icon="publish",
        permissions=["publish"],
        variant=PRIMARY,
    )
    def publish(self, request, object_id):
        """The check, then the button; every finding is said, and nothing is published with one."""
        version = self.version_or_404(request, object_id)
        if version.published_at is not None:
            raise PermissionDenied
        form = self.publish_form(posted(request), initial=self.publish_initial(version))
        if request.method == "POST" and form.is_valid():
            try:
                type(self).operation(
                    version=version,
                    by=request.user,
                    now=timezone.now(),
                    effective_at=form.cleaned_data["effective_at"],
                    reason=form.cleaned_data["change_reason"],
                    **self.publish_arguments(form),
                )
            except Refused as refused:
                for sentence in refused.messages:
                    messages.error(request, sentence)
                # What was refused for is shown now; the next answer is to that.
                form.data = {**form.data.dict(), **self.seen_now(version)}
            else:
                messages.success(request, _("Published: %(version)s.") % {"version": version})
                return redirect(self.after_publishing(request, version))
        return self.ask(
            request,
            version,
            form,
            title=_("Publish %(version)s") % {"version": version},
            button=_("Publish"),
            findings=type(self).findings(version),
            effects=self.effects(version),
            template=self.publish_template,
            **self.publish_context(request, version),
        )

    @action(
        description=gettext_lazy("New draft from this"),
        url_path="draft",
        icon="edit_note",
        permissions=["draft"],
    )
    def new_draft(self, request, object_id):
        version = self.version_or_404(request, object_id)
        form = WhyForm(posted(request))
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["change_reason"]
            draft = drafting.draft_from(version=version, by=request.user, now=timezone.now(), reason=reason)
            messages.success(
                request,
                _("%(version)s is a draft; it takes effect when it is published.") % {"version": draft},
            )
            return redirect(self.address("change", draft.pk))
        effects = [
            _("The draft begins with everything that %(version)s says; that one stays as it is.")
            % {"version": version}
        ]
        title = _("New draft from %(version)s") % {"version": version}
        return self.ask(request, version, form, title=title, button=_("Begin the draft"), effects=effects)

    def address(self, page, *args):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def ask(self, request, version, form, *, title, button, template="admin/ask.html", **context):
        """A page with one form and one button, named by its result."""
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "button": button,
            "form": form,
            "opts": self.opts,
            "original": version,
            "media": self.media + form.media,
            "back": self.address("change", version.pk),
        }
        return render(request, template, context)


class VersionsInline(ReadOnlyInline):
    """The versions of a whole, newest first."""

    fields = ("version", "effective_at", "published", "note", "beside")
    readonly_fields = fields
    ordering = ("-number",)
    verbose_name_plural = gettext_lazy("versions")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("published_by", self.fk_name)

    @display(description=gettext_lazy("version"))
    def version(self, version):
        return page_link(version, version)

    @display(description=gettext_lazy("published"))
    def published(self, version):
        return published(version)

    @display(description=gettext_lazy("differences"))
    def beside(self, version):
        if version.number == 1:
            return "–"
        name = f"admin:{version._meta.app_label}_{version._meta.model_name}_compare"
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            reverse(name, args=[version.pk]),
            _("Compare"),
        )


class WholeAdmin(ReasonedAdmin):
    """What has versions. Adding one begins its first draft; what is in force only publishers change."""

    actions_detail = ("newest_draft",)
    # What a published version relies on.
    fixed_when_published = ()

    def is_published(self, obj):
        return obj.versions.filter(published_at__isnull=False).exists()

    def has_change_permission(self, request, obj=None):
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or roles.may(request.user, "rules.publish") or not self.is_published(obj)

    def has_draft_permission(self, request, object_id=None):
        return roles.may(request.user, "rules.draft")

    def get_readonly_fields(self, request, obj=None):
        fixed = self.fixed_when_published if obj and self.is_published(obj) else ()
        always_on = ("is_active",) if obj and obj.is_default and hasattr(obj, "is_active") else ()
        return [*super().get_readonly_fields(request, obj), *fixed, *always_on]

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if obj else ()

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not change:
            drafting.first_draft(
                of=obj, by=request.user, now=timezone.now(), reason=form.cleaned_data["change_reason"]
            )

    def response_add(self, request, obj, post_url_continue=None):
        draft = obj.versions.get()
        messages.success(
            request, _("%(version)s is a draft; it takes effect when it is published.") % {"version": draft}
        )
        return redirect(self.version_address("change", draft.pk))

    def version_address(self, page, *args):
        version = self.model.versions.rel.related_model._meta
        return reverse(f"admin:{version.app_label}_{version.model_name}_{page}", args=args)

    @action(description=gettext_lazy("New draft"), url_path="draft", icon="edit_note", permissions=["draft"])
    def newest_draft(self, request, object_id):
        """From the newest version there is."""
        obj = self.get_object(request, str(object_id))
        newest = obj.versions.order_by("-number").first() if obj else None
        if newest is None:
            raise Http404
        return redirect(self.version_address("new_draft", newest.pk))
