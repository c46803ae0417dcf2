"""How log lines look, and which library may say what."""

from typing import Any

import structlog

from aloha_site.log_masking import mask_secrets

_processors: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(*, level: str, is_readable: bool) -> dict[str, Any]:
    """Django's LOGGING: lines for people, or one JSON object each."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "story": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _processors,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_secrets,
                    structlog.dev.ConsoleRenderer(
                        colors=False, exception_formatter=structlog.dev.plain_traceback
                    )
                    if is_readable
                    else structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "story"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handlers print unmasked and mail whole requests; the root's are enough.
            "django": {"handlers": [], "level": "INFO"},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            # These tell the values of rows and requests.
            "django.db.backends": {"level": "INFO"},
            "twilio": {"level": "WARNING"},
            # "Listening": what starts a server waits for it, whatever else is to be logged.
            "aloha_site.management.commands.serve": {"level": "INFO"},
            # OpenAI's client speaks through it; each request of it would be a line.
            "httpx2": {"level": "WARNING"},
            # uvicorn and Daphne log the path of every socket, and a stream's path is its token.
            "uvicorn.error": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            # Under `runserver` it repeats what django.request says of a refused or failed page.
            "django.channels.server": {"level": "CRITICAL"},
            # Without Redis it repeats itself every second; telephony.live_news says it once.
            "channels_redis": {"level": "CRITICAL"},
            "asyncio": {"level": "WARNING"},
            # It tells of every attempt to connect; whoever needed the connection tells of it too.
            "psycopg.pool": {"level": "ERROR"},
        },
    }
