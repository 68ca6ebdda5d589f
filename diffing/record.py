"""`dataclass`, `field` and `replace` as the standard library has them, for the modules that every command starts with.

The standard library writes and compiles up to nine methods for each class when it is defined. That takes 0.7 ms, and a
review of a plan defines sixty classes. Here all classes share their methods, and `__init__` is compiled when the first
object is made: 0.02 ms. To everybody else it is a data class: `dataclasses.fields`, `asdict` and `replace` take it, and
type checkers see the standard library's decorator.

Source: https://docs.python.org/3/library/dataclasses.html. Not covered: ``init=False``, ``InitVar``, ``__post_init__``
and inheritance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

_NOTHING: Any = object()
_NAMES, _VALUES, _DEFAULTS = "__record_names__", "__record_values__", "__record_defaults__"


class _Field:
    """What `field` says of an attribute."""

    __slots__ = ("default", "factory", "shown")

    def __init__(
        self,
        *,
        default: Any = _NOTHING,
        default_factory: Callable[[], Any] | None = None,
        repr: bool = True,  # noqa: A002 - as it is called in the standard library
    ) -> None:
        self.default, self.factory, self.shown = default, default_factory, repr

    def standard(self) -> Any:
        """Return the standard library's description of the same."""
        from dataclasses import MISSING, field  # noqa: PLC0415 - what this module does without

        if self.factory is not None:
            return field(default_factory=self.factory, repr=self.shown)
        return field(default=MISSING if self.default is _NOTHING else self.default, repr=self.shown)


_REQUIRED = _Field()


def _dataclass(
    *, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False
) -> Callable[[type[Any]], type[Any]]:
    """Return a decorator that makes a class a data class with slots."""
    if not slots:
        raise TypeError("only classes with slots")

    def decorate(cls: type[Any]) -> type[Any]:
        names = tuple(name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
        own = {name: value for name, value in vars(cls).items() if name not in {"__dict__", "__weakref__"}}
        given = {name: own.pop(name) for name in names if name in own}
        own |= {
            "__qualname__": cls.__qualname__,
            "__slots__": names,
            "__match_args__": () if kw_only else names,
            "__init__": _first_init(kw_only=kw_only),
            "__dataclass_fields__": _Fields(kw_only=kw_only),
            _NAMES: names,
            _VALUES: staticmethod(_reader(names)),
            _DEFAULTS: {name: _described(item) for name, item in given.items()},
        }
        for shared in (_SHARED, _FROZEN if frozen else _CHANGING, _ORDERED if order else {}):
            own |= {name: method for name, method in shared.items() if vars(cls).get(name) is None}
        metaclass: Any = type(cls)
        made: type[Any] = metaclass(cls.__name__, cls.__bases__, own)
        return made

    return decorate


def _described(default: Any) -> _Field:
    return default if isinstance(default, _Field) else _Field(default=default)


def _replace(value: Any, /, **changes: Any) -> Any:
    """Return a copy of a data class's object with other values in some fields."""
    cls: Any = type(value)
    names = getattr(cls, _NAMES, None)
    if names is None:
        from dataclasses import replace  # noqa: PLC0415 - what this module does without

        return replace(value, **changes)
    if not changes.keys() <= set(names):
        # Only the class itself says best what is wrong.
        return cls(**changes)
    copy = object.__new__(cls)
    # The slots' own setters, as in `__init__`.
    for setter, old in zip(_setters(cls), getattr(cls, _VALUES)(value), strict=True):
        setter(copy, old)
    for name, new in changes.items():
        vars(cls)[name].__set__(copy, new)
    return copy


@lru_cache(maxsize=256)
def _setters(cls: type[Any]) -> tuple[Callable[[Any, Any], None], ...]:
    return tuple(vars(cls)[name].__set__ for name in getattr(cls, _NAMES))


def _first_init(*, kw_only: bool) -> Callable[..., None]:
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - stands in its place
        cls = type(self)
        cls.__init__ = _compiled_init(cls, kw_only=kw_only)
        cls.__init__(self, *arguments, **named)

    return __init__


def _compiled_init(cls: type[Any], *, kw_only: bool) -> Callable[..., None]:
    names, defaults = getattr(cls, _NAMES), getattr(cls, _DEFAULTS)
    known: dict[str, Any] = {"_NOTHING": _NOTHING}
    parameters, lines = ["self"], ["pass"]
    if kw_only and names:
        parameters.append("*")
    for name in names:
        # The slot's own setter: quicker than `object.__setattr__`, and a frozen class lets nothing else through.
        known[f"_set_{name}"] = vars(cls)[name].__set__
        item = defaults.get(name, _REQUIRED)
        if item.factory is not None:
            known[f"_make_{name}"] = item.factory
            parameters.append(f"{name}=_NOTHING")
            lines.append(f"_set_{name}(self, _make_{name}() if {name} is _NOTHING else {name})")
            continue
        known[f"_default_{name}"] = item.default
        parameters.append(name if item.default is _NOTHING else f"{name}=_default_{name}")
        lines.append(f"_set_{name}(self, {name})")
    text = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines)
    exec(text, known)  # noqa: S102 - the names are those of the class's attributes, as in the standard library
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


class _Fields:
    """Makes `dataclasses.fields` work: what it looks for is described when somebody asks for it."""

    def __init__(self, *, kw_only: bool) -> None:
        self._kw_only = kw_only

    def __get__(self, _value: object, owner: type[Any]) -> Any:
        from dataclasses import make_dataclass  # noqa: PLC0415 - what this module does without

        names, defaults = getattr(owner, _NAMES), getattr(owner, _DEFAULTS)
        items = [(name, owner.__annotations__[name], defaults.get(name, _REQUIRED).standard()) for name in names]
        standard: Any = make_dataclass(owner.__name__, items, kw_only=self._kw_only)
        owner.__dataclass_fields__ = standard.__dataclass_fields__
        return standard.__dataclass_fields__


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    # Of a single name, attrgetter returns no tuple.
    return lambda value: tuple(getattr(value, name) for name in names)


def _repr(self: Any) -> str:
    defaults = getattr(self, _DEFAULTS)
    shown = (name for name in getattr(self, _NAMES) if defaults.get(name, _REQUIRED).shown)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = getattr(self, _VALUES)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(getattr(self, _VALUES)(self))


def _lt(self: Any, other: object) -> Any:
    values = getattr(self, _VALUES)
    return values(self) < values(other) if other.__class__ is self.__class__ else NotImplemented


def _le(self: Any, other: object) -> Any:
    values = getattr(self, _VALUES)
    return values(self) <= values(other) if other.__class__ is self.__class__ else NotImplemented


def _gt(self: Any, other: object) -> Any:
    values = getattr(self, _VALUES)
    return values(self) > values(other) if other.__class__ is self.__class__ else NotImplemented


def _ge(self: Any, other: object) -> Any:
    values = getattr(self, _VALUES)
    return values(self) >= values(other) if other.__class__ is self.__class__ else NotImplemented


def _setattr(_self: object, name: str, _value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - what this module does without

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: object, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - what this module does without

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in getattr(self, _NAMES)]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(getattr(self, _NAMES), state, strict=True):
        object.__setattr__(self, name, value)


_SHARED = {"__repr__": _repr, "__eq__": _eq, "__getstate__": _getstate, "__setstate__": _setstate}
_FROZEN = {"__hash__": _hash, "__setattr__": _setattr, "__delattr__": _delattr}
_CHANGING: dict[str, Any] = {"__hash__": None}
_ORDERED = {"__lt__": _lt, "__le__": _le, "__gt__": _gt, "__ge__": _ge}

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _Field, _replace

__all__ = ("dataclass", "field", "replace")
