"""The least that a webhook can be, to measure ours against: a signature, one SELECT, TwiML."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from aloha_site.urls import urlpatterns as aloha
from telephony import signatures, twiml
from telephony.models import UserPhoneNumber


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    url = signatures.public_url(request.get_full_path())
    if not signatures.is_authentic(url, request.POST, request.headers["X-Twilio-Signature"]):
        return HttpResponse(status=403)
    list(UserPhoneNumber.objects.filter(phone_number=request.POST["To"]))
    return HttpResponse(twiml.classic_voicemail(recording_url=url), content_type="text/xml")


urlpatterns = [path("bare", bare), *aloha]
