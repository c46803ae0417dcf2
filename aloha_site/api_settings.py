"""Settings of the API that depend on nothing in the environment."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["aloha_site.api.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["aloha_site.json_bodies.JSONObjectParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "aloha_site.api_schema.ProblemSchema",
    "EXCEPTION_HANDLER": "aloha_site.api.problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Aloha",
    "DESCRIPTION": "An owner's number, voicemail settings, agent, calls, messages and campaigns.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "NumberStatus": "telephony.models.NumberStatus",
        "CallStatus": "telephony.models.CallStatus",
    },
}
