"""What one process counts and times for Prometheus; labels hold no identity.

What the database knows is not counted here: it is asked when somebody looks.
"""

from prometheus_client import Counter, Histogram

FIRST_AUDIO = Histogram(
    "aloha_first_audio_seconds",
    "From the media socket's handshake to the agent's first audio.",
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4),
)
BARGE_IN = Histogram(
    "aloha_barge_in_seconds",
    "From the notice that the caller speaks to the clear on its way.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
)
WEBHOOK = Histogram(
    "aloha_webhook_seconds",
    "How long the carrier waited for an answer.",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3),
)
STAND_INS = Counter(
    "aloha_webhook_stand_ins_total",
    "Carrier requests answered without their work.",
    ["step", "reason"],
)
REFUSED_SIGNATURES = Counter(
    "aloha_webhook_refused_signatures_total",
    "Requests to the carrier's addresses that the carrier did not sign.",
)
PROVIDER_ERRORS = Counter(
    "aloha_provider_errors_total",
    "Requests that the phone provider refused or left without an answer.",
    ["error"],
)
AGENT_FAILURES = Counter(
    "aloha_agent_failures_total",
    "Agents that did not come or could not go on.",
    ["reason"],
)
DISCLOSURES_MISSING = Counter(
    "aloha_disclosures_missing_total",
    "Models whose first words did not say that an AI speaks.",
)
LIVE_NEWS = Counter(
    "aloha_live_news_total",
    "News of running calls for live views: sent, failed, or dropped meanwhile.",
    ["outcome"],
)
