"""Every part that pages are built of, on one page, for whoever builds the next one."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

COLOURS = (
    ("bg", "page"),
    ("surface", "cards, fields"),
    ("sunken", "notes, code"),
    ("raised", "chosen segment"),
    ("line", "hairlines"),
    ("edge-2", "buttons, radio cards"),
    ("edge", "fields, boxes"),
    ("text", "words"),
    ("text-2", "second voice"),
    ("text-3", "times, captions"),
    ("accent", "action, proven, live"),
    ("accent-soft", "chosen, current"),
    ("warn", "look when you can"),
    ("danger", "urgent, ends, failed"),
)
TYPE = (
    ("number", "36 / 600, number", "(415) 555-0132"),
    ("title", "28 / 600, page title", "Two steps left"),
    ("dialog", "22 / 600, dialog", "Don't pick up. Let it ring."),
    ("card", "18 / 600, card title", "Aloha as my voicemail"),
    ("body", "16 / 400, body", "She is home until six and asks for a visit today."),
    ("label", "15 / 500, buttons, labels", "Your own mobile number"),
    ("hint", "14 / 400, hints", "The phone whose missed calls Aloha takes."),
    ("time", "13 / 400, times, badges", "14:21, 1:12"),
)
STEPS = (
    ("done", "Your number", "(415) 555-0132 is answering."),
    ("now", "Call forwarding", "Dial the code on your own phone."),
    ("bad", "Proof that it works", "Your carrier's own voicemail answered."),
    ("to_come", "Your first message", "It is in your inbox seconds later."),
)
# Loudness of caller and agent, who take turns.
PEAKS = [
    [(37 * n % 60 + 30 if n // 12 % 2 else 0) for n in range(120)],
    [(23 * n % 40 + 15 if not n // 12 % 2 else 0) for n in range(120)],
]


class SampleForm(forms.Form):
    """Fields of every kind; bound to what is wrong, it shows its errors."""

    name = forms.CharField(label="Agent name", max_length=40, help_text="At most 40 characters.")
    country = forms.ChoiceField(label="Country", choices=[("US", "United States (+1)")])
    area_code = forms.RegexField(
        r"[0-9]{3}", label="Area code", error_messages={"invalid": "Three digits, such as 415."}
    )
    facts = forms.CharField(label="Facts", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    forwarding = forms.BooleanField(label="I'll use call forwarding", required=False)


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """`/aloha/styleguide`, in development only."""
    if not settings.DEBUG:
        raise Http404
    filled_in = {"name": "Aloha", "country": "US", "area_code": "41", "forwarding": "on"}
    context = {
        "colours": COLOURS,
        "type": TYPE,
        "steps": STEPS,
        "peaks": PEAKS,
        "form": SampleForm(filled_in, auto_id="sample_%s"),
    }
    return render(request, "site/styleguide.html", context)
