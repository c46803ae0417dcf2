"""Wiring, and the pages made of several rooms' parts."""
