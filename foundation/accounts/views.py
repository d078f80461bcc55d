"""Doors of one's own account. Sign-in and second factor are allauth's views with our forms and templates."""

from allauth.account.views import LoginView, PasswordChangeView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as SecondFactorReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.usersessions.views import ListUserSessionsView
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from foundation.accounts import lockout, workflow
from foundation.accounts.forms import PhoneForm, RedeemForm
from foundation.accounts.middleware import owes_password
from foundation.audit.trail import origin_of
from foundation.protection.masks import mask_phone

LARGE_TEXT_COOKIE = "large_text"
_YEAR = 365 * 24 * 3600


class _OurSite:
    """Keep `site` (name, contact) of the context processor: allauth puts its own under the same name."""

    def get_context_data(self, **kwargs):
        """Drop allauth's `site`."""
        context = super().get_context_data(**kwargs)
        context.pop("site", None)
        return context


class SignInView(_OurSite, LoginView):
    """User name and password; the lock-out's page is shown by axes' middleware."""

    def get_context_data(self, **kwargs):
        """Say whether the site is idle-limited, for the note below the form."""
        return super().get_context_data(**kwargs) | {"idle_minutes": settings.SESSION_COOKIE_AGE // 60}


class SecondFactorView(_OurSite, AuthenticateView):
    """The six digits after the password."""


class ConfirmPasswordView(_OurSite, ReauthenticateView):
    """The password again, before something weighty."""


class ConfirmSecondFactorView(_OurSite, SecondFactorReauthenticateView):
    """The six digits again, before something weighty."""


class ChangePasswordView(LoginRequiredMixin, PasswordChangeView):
    """Change one's own password; says so when it must be done now."""

    def get_context_data(self, **kwargs):
        """Add whether it is a duty, and why."""
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "must": owes_password(user),
            "first_time": user.must_change_password,
            "max_age_days": settings.PASSWORD_MAX_AGE_DAYS,
        }


@method_decorator([never_cache, sensitive_post_parameters("code", "password1", "password2")], name="dispatch")
class RedeemView(FormView):
    """Set a password by a one-time code: forgotten passwords and new accounts. Needs no sign-in.

    Wrong codes count like wrong passwords, under a name of their own, so neither lock-out touches the other.
    """

    form_class = RedeemForm
    template_name = "account/reset.html"

    def form_valid(self, form):
        """Redeem; go to the sign-in page, where the second factor is still asked for."""
        request, filled = self.request, form.cleaned_data
        credentials = {"username": lockout.RESET_PREFIX + filled["username"]}
        if not AxesProxyHandler.is_allowed(request, credentials):
            request.axes_locked_out, request.axes_credentials = True, credentials
            return HttpResponse(status=429)  # axes' middleware puts the page with the words in its place
        try:
            user = workflow.redeem(filled["username"], filled["code"], filled["password1"], origin=origin_of(request))
        except ValidationError as error:
            if getattr(error, "code", None) == "wrong_code":
                user_login_failed.send(sender=__name__, credentials=credentials, request=request)
                form.add_error(None, error.message)
            else:
                form.add_error("password1", error.messages)
            return self.form_invalid(form)
        AxesProxyHandler.reset_attempts(username=user.username)
        AxesProxyHandler.reset_attempts(username=lockout.RESET_PREFIX + user.username)
        messages.success(request, "新密码已经设好，请用它登录。")
        response = redirect("account_login")
        lockout.remember_browser(request, response, user.username)
        return response


class ProfileView(LoginRequiredMixin, FormView):
    """One's own account: name, phone (masked, can be changed), second factor, ways to the other pages."""

    form_class = PhoneForm
    template_name = "account/profile.html"
    success_url = reverse_lazy("account_profile")

    def form_valid(self, form):
        """Change the phone."""
        workflow.change_phone(self.request.user, form.cleaned_data["phone"], origin=origin_of(self.request))
        messages.success(self.request, "电话已保存。" if form.cleaned_data["phone"] else "电话已删去。")
        return super().form_valid(form)

    def get_context_data(self, **kwargs):
        """Add what is shown; one query for the second factor."""
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "masked_phone": mask_phone(user.phone),
            "has_second_factor": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        }


class SessionsView(ListUserSessionsView):
    """Where one is signed in; ends the others."""

    def get_context_data(self, **kwargs):
        """Add a readable line per sign-in, this one first, then the latest."""
        context = super().get_context_data(**kwargs)
        context["rows"] = sorted(
            (
                {"session": held, "current": held.is_current(), "browser": browser_in_words(held.user_agent)}
                for held in context["sessions"]
            ),
            key=lambda row: (not row["current"], -row["session"].last_seen_at.timestamp()),
        )
        return context

    def form_valid(self, form):
        """End the others by our verb."""
        ended = workflow.end_other_sessions(
            self.request.user, but=self.request.session.session_key, origin=origin_of(self.request)
        )
        messages.success(self.request, f"已退出其他 {ended} 处登录。" if ended else "没有其他登录。")
        return redirect("usersessions_list")


@require_POST
def large_text(request):
    """Switch 大字版: kept with the account, for others in a cookie. Goes back where it was pressed."""
    on = request.POST.get("large_text") == "1"
    if request.user.is_authenticated:
        workflow.set_large_text(request.user, on)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("account_profile") if request.user.is_authenticated else "/"
    response = redirect(back)
    response.set_cookie(
        LARGE_TEXT_COOKIE,
        "1" if on else "0",
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def browser_in_words(user_agent: str) -> str:
    """Return browser and system as people call them: "Edge · Windows"; "其他浏览器" when unknown."""
    browsers = [
        ("wxwork", "企业微信"), ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("QQBrowser", "QQ 浏览器"),
        ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
    ]  # fmt: skip
    systems = [
        ("Android", "安卓"), ("HarmonyOS", "鸿蒙"), ("iPhone", "iPhone"), ("iPad", "iPad"),
        ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"),
    ]  # fmt: skip
    browser = next((label for mark, label in browsers if mark in user_agent), "其他浏览器")
    system = next((label for mark, label in systems if mark in user_agent), "")
    return f"{browser} · {system}" if system else browser
