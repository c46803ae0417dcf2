"""A stand-in for OpenAI's Realtime API: for development without a key, for tests and load benches.

It keeps the protocol strictly and understands nothing: what it says comes from a script. No part
of Aloha that serves callers imports it.

    server  ──>  session (pure: frames and time in, frames out)  ──>  script, voice_activity, shape
"""
