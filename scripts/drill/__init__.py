"""Plays packetdrill's scripts."""
