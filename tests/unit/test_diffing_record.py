"""The quick data classes are held to the standard library's, method by method."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from diffing import record
from diffing.change import AttributeChange
from diffing.values import Marker

OPTIONS: dict[str, Any] = {"frozen": True, "slots": True, "kw_only": True, "order": True}


@record.dataclass(**OPTIONS)
class Quick:
    """A class of each kind of field."""

    KIND: ClassVar[str] = "kind"
    name: str
    number: int = 3
    items: list[str] = record.field(default_factory=list)
    secret: str = record.field(default="s", repr=False)

    @property
    def shown(self) -> str:
        return f"{self.name} {self.number}"


@dataclasses.dataclass(**OPTIONS)
class Standard:
    """The same by the standard library."""

    KIND: ClassVar[str] = "kind"
    name: str
    number: int = 3
    items: list[str] = dataclasses.field(default_factory=list)
    secret: str = dataclasses.field(default="s", repr=False)

    @property
    def shown(self) -> str:
        return f"{self.name} {self.number}"


@record.dataclass(slots=True)
class Changing:
    """Not frozen, and by position."""

    first: int
    second: int = 2


BOTH = pytest.mark.parametrize("cls", [Quick, Standard])


@BOTH
def test_it_has_its_fields_and_defaults(cls: Any) -> None:
    made = cls(name="a")
    assert (made.name, made.number, made.items, made.secret, made.shown, made.KIND) == ("a", 3, [], "s", "a 3", "kind")
    assert cls(name="b").items is not made.items
    assert repr(made) == f"{cls.__name__}(name='a', number=3, items=[])"


@BOTH
def test_it_is_compared_by_its_values(cls: Any) -> None:
    assert cls(name="a") == cls(name="a") != cls(name="b")
    assert cls(name="a") != object()
    assert min([cls(name="b"), cls(name="a", number=9), cls(name="a")]) == cls(name="a")
    assert cls(name="a") <= cls(name="a") < cls(name="b") >= cls(name="a")
    assert cls(name="b") > cls(name="a")
    with pytest.raises(TypeError):
        assert cls(name="a") < 1


def test_two_classes_are_never_equal() -> None:
    assert Quick(name="a") != Standard(name="a")


@BOTH
@pytest.mark.parametrize("arguments", [{}, {"name": "a", "other": 1}])
def test_wrong_arguments_are_refused_each_time(cls: Any, arguments: dict[str, Any]) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            cls(**arguments)
    with pytest.raises(TypeError):
        cls("a")


@BOTH
def test_it_is_frozen_and_has_no_room_for_more(cls: Any) -> None:
    made = cls(name="a")
    for name in ("name", "other"):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            setattr(made, name, "b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.name
    assert not hasattr(made, "__dict__")


@BOTH
def test_it_is_copied_and_kept(cls: Any) -> None:
    made = cls(name="a", items=["x"])
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))  # noqa: S301 - just written
    for replace in (record.replace, dataclasses.replace):
        assert replace(made, number=4) == cls(name="a", number=4, items=["x"])
        with pytest.raises(TypeError):
            replace(made, nothing=4)


@BOTH
def test_the_standard_library_takes_it_for_a_data_class(cls: Any) -> None:
    assert dataclasses.is_dataclass(cls)
    assert [field.name for field in dataclasses.fields(cls)] == ["name", "number", "items", "secret"]
    assert dataclasses.asdict(cls(name="a")) == {"name": "a", "number": 3, "items": [], "secret": "s"}
    assert [field.repr for field in dataclasses.fields(cls)] == [True, True, True, False]
    assert cls.__match_args__ == ()


def test_what_is_not_frozen_changes_and_has_no_hash() -> None:
    made = Changing(1)
    made.second = 5
    assert made == Changing(1, second=5)
    assert Changing.__match_args__ == ("first", "second")
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_what_is_frozen_is_found_by_its_values() -> None:
    change = AttributeChange(path=("a",), before=1, after=Marker.UNKNOWN)
    assert change == AttributeChange(path=("a",), before=1, after=Marker.UNKNOWN)


def test_it_has_slots_or_is_not_made() -> None:
    with pytest.raises(TypeError, match="slots"):
        record.dataclass(slots=False)(type("Wide", (), {}))
