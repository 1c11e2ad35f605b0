"""What we write anew of the console's frame was held against the version that is pinned."""

from hashlib import sha256
from pathlib import Path

import pytest
import unfold

THEIRS = Path(unfold.__file__).parent / "templates"
OURS = Path(__file__).parents[1] / "templates"
# What Unfold's own template was when ours was written or last compared with it.
COMPARED = {
    "admin/change_form_object_tools.html": "3238ce11ac58a883",
    "admin/change_list.html": "5885c39760f6085d",
    "admin/delete_confirmation.html": "d2f1e1adb500396f",
    "admin/index.html": "9fdb849b7da18ccd",
    "unfold/helpers/account_links.html": "2bf64df6869b6b29",
    "unfold/helpers/add_link.html": "36cc86e42047e012",
    "unfold/helpers/boolean.html": "ccaf312fe7efd6b9",
    "unfold/helpers/edit_inline/inline_add.html": "e8bc669caf9a426b",
    "unfold/helpers/empty_results.html": "5f4727a37a99da76",
    "unfold/helpers/header_title.html": "b126ed2ab9ca1680",
    "unfold/helpers/search.html": "91996c27181d14ad",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
}


def test_each_template_of_the_frame_that_is_ours_is_known_and_still_theirs_too():
    """One that Unfold renamed would be read by nobody."""
    names = (path.relative_to(OURS) for path in (OURS / "unfold").rglob("*.html"))
    ours = {str(name) for name in names} | {
        str(path.relative_to(OURS))
        for path in (OURS / "admin").rglob("*.html")
        if (THEIRS / path.relative_to(OURS)).exists()
    }
    assert ours == COMPARED.keys()


@pytest.mark.parametrize("name", COMPARED)
def test_unfolds_own_is_what_ours_was_compared_with(name):
    """After an upgrade: bring over what changed there and matters, and write the new sum here."""
    assert sha256((THEIRS / name).read_bytes()).hexdigest().startswith(COMPARED[name])
