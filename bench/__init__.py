"""Measures how many calls a core carries: ours beside the bridges that people usually write."""
