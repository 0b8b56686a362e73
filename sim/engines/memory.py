"""Tables that compiled code reaches through one record of their addresses.

numba hands an array to a function as seven numbers and more. With some eighty arrays, every call of a helper would copy
hundreds of them, and every helper would be slow to compile: handed on as named tuples of arrays, the loop took four
times as long to compile as it does now. So it is handed one record, the *world*, which holds the address of each table
beside the plain numbers; what is read from a table is a record in place, or a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, config, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import numpy_support

LINE = 64  # bytes that a processor fetches into its cache at once
COMPILING = not config.DISABLE_JIT
# Without a compiler there are no addresses to go to: tables are then looked up by theirs.
_KNOWN: dict[int, np.ndarray[Any, Any]] = {}

Fields = list[tuple[str, Any]]


def addressed(names: dict[str, int]) -> Fields:
    """Fields of a world that holds tables of so many dimensions: their addresses, and their sizes but the first."""
    fields: Fields = []
    for name, dimensions in names.items():
        fields.append((name, np.int64))
        fields += [(f"{name} {d}", np.int64) for d in range(1, dimensions)]
    return fields


def settle(world: np.ndarray[Any, Any], name: str, table: np.ndarray[Any, Any]) -> None:
    """Write into a world where a table lies; whoever does so keeps the table alive."""
    assert table.flags.c_contiguous  # noqa: S101 - else an address would not be enough
    world[0][name] = table.ctypes.data
    for d, size in enumerate(table.shape[1:], start=1):
        world[0][f"{name} {d}"] = size
    if not COMPILING:
        _KNOWN[table.ctypes.data] = table


def _index(world: Any, name: str, place: tuple[int, ...]) -> int:
    index = 0
    for d, part in enumerate(place):
        index = index * (int(world[f"{name} {d}"]) if d else 1) + int(part)
    return index


def _codegen_address(context: Any, builder: Any, signature: Any, args: Any, name: str, size: int) -> Any:
    """Address of a place in a table, as a 64-bit number."""
    world_type, *place_types = signature.args
    whole = ir.IntType(64)

    def field(label: str) -> Any:
        loaded = builder.load(cgutils.get_record_member(builder, args[0], world_type.offset(label), whole))
        # Tables move only between two calls from Python, so an address that was read once need not be read again.
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    index = ir.Constant(whole, 0)
    for d, (kind, part) in enumerate(zip(place_types, args[1:], strict=True)):
        if d:
            index = builder.mul(index, field(f"{name} {d}"))
        index = builder.add(index, context.cast(builder, part, kind, types.int64))
    return builder.add(field(name), builder.mul(index, ir.Constant(whole, size)))


def records(name: str, kind: np.dtype[Any], dimensions: int = 1) -> Any:
    """Accessor of a table of records: `(world, place) -> record`, which can be read and written."""
    if not COMPILING:
        return lambda world, *place: _KNOWN[int(world[name])].reshape(-1)[_index(world, name, place)]
    record = numpy_support.from_dtype(kind)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _codegen_address(context, builder, signature, args, name, kind.itemsize)
        return builder.inttoptr(address, context.get_value_type(record))

    return _accessor(record, codegen, dimensions)


def values(name: str, kind: Any, dimensions: int = 1) -> Any:
    """Accessor of a table of plain numbers: `(world, place) -> number`."""
    if not COMPILING:
        return lambda world, *place: _KNOWN[int(world[name])].reshape(-1)[_index(world, name, place)]
    number = numpy_support.from_dtype(np.dtype(kind))

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _codegen_address(context, builder, signature, args, name, np.dtype(kind).itemsize)
        where = builder.inttoptr(address, context.get_data_type(number).as_pointer())
        return context.unpack_value(builder, number, where)

    return _accessor(number, codegen, dimensions)


def _accessor(result: Any, codegen: Any, dimensions: int) -> Any:
    def one(_context: Any, world: Any, i: Any) -> Any:
        return result(world, i), codegen

    def two(_context: Any, world: Any, i: Any, j: Any) -> Any:
        return result(world, i, j), codegen

    def three(_context: Any, world: Any, i: Any, j: Any, k: Any) -> Any:
        return result(world, i, j, k), codegen

    return intrinsic((one, two, three)[dimensions - 1])


def fetched(name: str, kind: np.dtype[Any], dimensions: int = 1) -> Any:
    """Means to have a record in the processor's cache by the time it is asked for: `(world, place)`.

    Nothing but time depends on it.
    """
    if not COMPILING:
        return lambda _world, *_place: None
    whole, number, pointer = ir.IntType(64), ir.IntType(32), ir.PointerType()
    kind_of_fetch = ir.FunctionType(ir.VoidType(), (pointer, number, number, number))
    to_read, in_all_caches, data = (ir.Constant(number, n) for n in (0, 3, 1))

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _codegen_address(context, builder, signature, args, name, kind.itemsize)
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (pointer,), kind_of_fetch)
        for byte in (0, min(kind.itemsize, LINE) - 1):  # a record may begin in one line and go on in the next
            where = builder.inttoptr(builder.add(address, ir.Constant(whole, byte)), pointer)
            builder.call(fetch, (where, to_read, in_all_caches, data))
        return context.get_dummy_value()

    return _accessor(types.none, codegen, dimensions)


def stretches(name: str, dimensions: int = 1) -> Any:
    """Accessor of stretches of a table of floats: `(world, place)`; `view` makes an array of n of them from there."""
    if not COMPILING:
        return lambda world, *place: _KNOWN[int(world[name])].reshape(-1)[_index(world, name, place) :]
    pointer = types.CPointer(types.float64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _codegen_address(context, builder, signature, args, name, 8)
        return builder.inttoptr(address, context.get_value_type(pointer))

    return _accessor(pointer, codegen, dimensions)


if COMPILING:
    view: Any = carray
else:

    def view(stretch: Any, size: int) -> Any:
        """Array of so many numbers."""
        return stretch[:size]
