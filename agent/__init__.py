"""The voice: knows words and audio, never phones."""
