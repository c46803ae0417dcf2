"""The line: numbers, calls, the carrier, and the bridge between line and voice."""
