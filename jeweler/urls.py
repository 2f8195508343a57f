"""Every address of the site, each room's under its own head."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from jeweler import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/v1/", include("pos_bridge.hook_urls")),  # first what is asked for most
    path("", include("builder.urls")),
    path("healthz", views.healthz, name="healthz"),
    path("", include("appointments.urls")),
    path("mail/stop/<str:token>/", views.stop_mails, name="stop-mails"),
    path("", include("referrals.urls")),
    path("", include("appointments.staff_urls")),
    path("", include("referrals.staff_urls")),
    path("", include("pos_bridge.urls")),
    path("admin/attribution/", include("attribution.urls")),
    path("admin/", admin.site.urls),
]
if settings.EMAIL_BACKEND.startswith("anymail.") and settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # What became of mails, as the provider reports it: /hooks/mail/postmark/tracking/ and the like.
    urlpatterns += [path("hooks/mail/", include("anymail.urls"))]
if settings.DEMO:
    urlpatterns += [path("demo/", include("demo.urls"))]

handler400 = "jeweler.views.unreadable"
handler500 = "jeweler.views.broken"
