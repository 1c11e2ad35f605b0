"""The ladder drawn beside the form of a path version; of a published one, the picture alone."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from escalations.forms.typed_path import fallback_typed, levels_typed
from escalations.path_picture import Before, draw, said_by

NAME = "escalations_pathversion_picture"


class PicturePages:
    change_form_outer_before_template = "admin/path_picture.html"

    class Media:
        js = ("desk/js/path-picture.js",)

    def get_urls(self):
        picture = self.admin_site.admin_view(self.picture)
        return [path("<int:pk>/picture/", picture, name=NAME), *super().get_urls()]

    def get_inlines(self, request, obj):
        """What is published cannot be typed into: the picture says all of it."""
        return () if obj is not None and obj.published_at is not None else super().get_inlines(request, obj)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        version = self.get_object(request, object_id)
        context = {}
        if version is not None and self.has_view_permission(request, version):
            typed = request.POST if request.method == "POST" and version.published_at is None else None
            context["picture"] = self._draw(version, typed)
            context["picture_is_live"] = self.has_change_permission(request, version)
            context["picture_address"] = reverse(f"admin:{NAME}", args=[version.pk])
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    @method_decorator(require_POST)
    def picture(self, request, pk):
        """The picture of the form as it is typed just now; nothing is written."""
        version = self.get_object(request, str(pk))
        if version is None:
            raise Http404
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        context = {"picture": self._draw(version, request.POST)}
        return render(request, "admin/_path_picture.html", context)

    def _draw(self, version, typed):
        now = timezone.now()
        if typed is not None:
            levels, fallback = levels_typed(typed), fallback_typed(typed)
        else:
            levels, fallback = _stored(version), version.fallback_id
        return draw(levels, fallback, now=now, before=self._before(version))

    def _before(self, version):
        """What a draft is held against: the version in force."""
        if version.published_at is not None or version.in_force_id is None:
            return None
        in_force = self.model.objects.get(pk=version.in_force_id)
        return Before(f"v{in_force.number}", tuple(_stored(in_force)), in_force.fallback_id)


def _stored(version):
    return [
        said_by(level) for level in version.levels.order_by("number").prefetch_related("informs", "steps")
    ]
