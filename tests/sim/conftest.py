"""Hypothesis looks at the same examples every time, and nobody hurries it: a quick suite must not fail by chance."""

from hypothesis import settings

settings.register_profile("quick", derandomize=True, deadline=None)
settings.load_profile("quick")
