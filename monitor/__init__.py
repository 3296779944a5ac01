"""Việt–Nhật Monitor: the daemon, its readers and its mail."""

__version__ = "0.1.0"
