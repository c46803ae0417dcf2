"""allauth's forms and refusals in our words."""

MFA_ADAPTER = "accounts.adapter.MFAAdapter"

ACCOUNT_FORMS = {
    action: f"accounts.entrance_forms.{form}"
    for action, form in {
        "login": "LoginForm",
        "signup": "SignupForm",
        "add_email": "AddEmailForm",
        "reset_password": "ResetPasswordForm",
        "change_password": "ChangePasswordForm",
        "reauthenticate": "ReauthenticateForm",
        "reset_password_from_key": "ResetPasswordKeyForm",
    }.items()
}
