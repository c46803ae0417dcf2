"""What staff change of somebody's account, and how it is written down."""

from django import forms

from accounts.audit_forms import ReasonForm
from accounts.models import User

# Rights are written down as what became of them, everything else by its name alone.
_RIGHTS = {
    "is_active": ("unblocked the account", "blocked the account"),
    "is_staff": ("made the account a staff account", "took staff access from the account"),
    "is_superuser": ("gave the account all rights", "took all rights from the account"),
}


class AccountForm(forms.ModelForm, ReasonForm):  # type: ignore[type-arg]
    """The account as the admin edits it, with the reason."""

    class Meta:
        model = User
        fields = ("name", "time_zone", *_RIGHTS, "groups")


def acts_of(form: forms.ModelForm) -> list[str]:  # type: ignore[type-arg]
    """One act for each right that changed, and one that names the other fields."""
    changed = [name for name in form.changed_data if name != "reason"]
    acts = [_RIGHTS[name][not form.cleaned_data[name]] for name in changed if name in _RIGHTS]
    others = [name for name in changed if name not in _RIGHTS]
    return [*acts, *([f"changed {', '.join(others)}"] if others else [])]
