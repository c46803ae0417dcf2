"""What `manage.py check` says about the agent."""

from django.core.checks import Error, run_checks

from agent.backends.scripted import ScriptedBackend


class MisconfiguredBackend(ScriptedBackend):
    """An agent that finds a fault in its own configuration."""

    def check(self) -> list[Error]:
        return [Error("The agent has no key.", id="agent.E901")]


def test_what_the_agent_finds_wrong_is_among_the_system_checks(settings):
    settings.AGENT = {"BACKEND": f"{__name__}.MisconfiguredBackend", "OPTIONS": {}}
    assert "agent.E901" in [message.id for message in run_checks()]


def test_the_embedded_agent_has_no_fault():
    assert not [message for message in run_checks() if (message.id or "").startswith("agent.")]
