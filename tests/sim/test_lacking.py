"""Of a field that has to be there and is not, it is said what belongs in it, with an example that would do."""

from typing import Annotated, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from calibration.log import Log
from sim import Model
from sim.astray import _alternatives
from sim.lacking import BELONGS, is_missing, missing


def classes(kind, found):
    """Classes of which a scenario, or a mapping of a log, is made."""
    if get_origin(kind) is dict:
        kind = get_args(kind)[1]
    for each in _alternatives(kind):
        if get_origin(each) is dict:
            classes(each, found)
        elif isinstance(each, type) and issubclass(each, BaseModel) and each not in found:
            found.append(each)
            for field in each.model_fields.values():
                classes(field.annotation, found)
    return found


NEEDED = [
    (kind, field.alias or name, field)
    for kind in [*classes(Model, []), *classes(Log, [])]
    for name, field in kind.model_fields.items()
    if field.is_required()
]


@pytest.mark.parametrize(("kind", "name", "field"), NEEDED, ids=lambda part: getattr(part, "__name__", str(part)[:12]))
def test_what_belongs_in_a_needed_field_is_told_with_an_example_that_would_do(kind, name, field):
    said = missing(name, [kind])
    assert is_missing(said)
    what, _, example = said.partition(f", such as {name}: ")
    assert what.startswith("is missing; write ")
    if "…" not in example:
        annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        TypeAdapter(annotation).validate_python(yaml.safe_load(example), context={"currency": "EUR"})


def test_nothing_is_explained_that_nobody_needs():
    names = {name for kind, field, _ in NEEDED for name in (field, f"{kind.__name__}.{field}")}
    assert set(BELONGS) - names == set()


def test_an_example_is_in_the_currency_of_the_scenario():
    assert missing("per_contact", [], "CHF").endswith("such as per_contact: 4.20 CHF")
