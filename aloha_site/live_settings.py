"""Through what live views hear of calls: the memory of one process, or Redis between several."""

from typing import Any

CONNECT_SECONDS = 1.0


def channel_layers(redis_url: str) -> dict[str, dict[str, Any]]:
    """Django's CHANNEL_LAYERS. News are only worth something now, so nothing keeps them."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    host = {"address": redis_url, "socket_connect_timeout": CONNECT_SECONDS}
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": "aloha"},
        }
    }
