"""Examples in docstrings say what really comes out."""

import doctest
import importlib

import pytest

from tests.docs.pages import ROOT

PACKAGES = ("sim", "scenarios", "calibration")


def modules_with_examples():
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if ">>>" in file.read_text(encoding="utf-8"):
                yield ".".join(file.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("module", list(modules_with_examples()))
def test_the_examples_of_a_module_are_true(module):
    tried = doctest.testmod(importlib.import_module(module))
    assert tried.attempted > 0
    assert tried.failed == 0
