"""Addresses of signing in: the names are django-allauth's where it looks for them."""

from __future__ import annotations

from allauth.account import views as accounts
from allauth.mfa.base import views as second
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as providers
from allauth.socialaccount.providers.openid_connect import views as openid
from django.urls import URLPattern, path

from ..views.system import account, sign_in
from .step_up import step_up

_add = step_up("change how you sign in", looking_too=True)

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", second.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/deactivated/", accounts.account_inactive, name="account_inactive"),
    path("sign-in/cancelled/", providers.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/failed/", providers.login_error, name="socialaccount_login_error"),
    path("sign-in/with/<slug:provider_id>/", openid.login, name="openid_connect_login"),
    path(
        "sign-in/with/<slug:provider_id>/callback/",
        openid.callback,
        name="openid_connect_callback",
    ),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("sign-out/", sign_in.SignOut.as_view(), name="account_logout"),
    path("account/", account.show_account, name="account"),
    path("account/", account.show_account, name="mfa_index"),
    path("account/confirmation/", sign_in.ByPassword.as_view(), name="account_reauthenticate"),
    path("account/confirmation/code/", sign_in.ByCode.as_view(), name="mfa_reauthenticate"),
    path(
        "account/confirmation/passkey/",
        sign_in.ByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/confirmation/provider/", sign_in.by_provider, name="confirm-provider"),
    path("account/authenticator/", _add(totp.activate_totp), name="mfa_activate_totp"),
    path("account/authenticator/removal/", _add(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "account/recovery-codes/", _add(codes.view_recovery_codes), name="mfa_view_recovery_codes"
    ),
    path(
        "account/recovery-codes/new/",
        _add(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("account/passkeys/", account.show_account, name="mfa_list_webauthn"),
    path("account/passkeys/new/", _add(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/", _add(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "account/passkeys/<int:pk>/removal/",
        _add(passkeys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path("account/sessions/<str:name>/removals/", account.leave, name="session-removals"),
    path("appearance/", account.appearance, name="appearance"),
]
