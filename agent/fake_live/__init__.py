"""A stand-in for OpenAI's Live API: for tests and for development without a key.

It keeps the protocol strictly and understands nothing: what it says comes from a script of
`agent.fake_realtime`. Its time is the caller's audio: for every 20 ms that come, 20 ms go out. No
part of Aloha that serves callers imports it.

    server  ──>  session (pure: frames in, frames out)  ──>  mouth, tasks, shape, wire
"""
