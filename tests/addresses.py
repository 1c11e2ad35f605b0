"""Every address that has a name, by part of the product, and what may be asked of it."""

import re

from django.urls import URLPattern, URLResolver, get_resolver

# Views that are functions say with what they may be asked in a decorator, which cannot be read from outside.
FUNCTIONS = {
    "home": ("get",),
    "menu": ("get",),
    "notices-read": ("post",),
    "notices-bell": ("get",),
    "notice-open": ("post",),
    "me-theme": ("post",),
    "health-live": ("get",),
    "health-ready": ("get",),
    "metrics": ("get",),
    "set_language": ("post",),
    "configuration-history": ("get",),
}


def every():
    """(part, name, route, view) of each named address; part is "admin", "api" or "" for the workspace."""

    def walk(patterns, prefix, part):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route, part or entry.namespace or "")
            elif isinstance(entry, URLPattern) and entry.name:
                yield "api" if route.startswith("api/") else part, entry.name, route, entry.callback

    yield from walk(get_resolver().url_patterns, "", "")


def of_the_workspace():
    """{(method, name): route}"""
    found = {}
    for part, name, route, view in every():
        if part == "":
            of_class = getattr(view, "view_class", None)
            methods = [m for m in ("get", "post") if hasattr(of_class, m)] if of_class else FUNCTIONS[name]
            found |= {(method, name): route for method in methods}
    return found


def of_the_console():
    """{name: route}"""
    return {name: route for part, name, route, _view in every() if part == "admin"}


def of_the_api():
    """{(method, name): route}"""
    return {
        (method, name): re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", route).translate({94: None, 36: None})
        for part, name, route, view in every()
        if part == "api"
        # A view that was asked once answers HEAD as it answers GET.
        for method in set(getattr(view, "actions", None) or ("get",)) - {"head"}
    }


def names_in(route):
    """What the route names: number, pk, ..."""
    return re.findall(r"<(?:\w+:)?(\w+)>", route)
