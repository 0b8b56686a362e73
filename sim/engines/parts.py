"""Compiling with less than numba does: no machine code that nobody runs, and no zeros that nobody reads.

numba optimises each function together with all that it calls, and translates it. But all functions of the engine, but
for a few, are only called by others, into which they are optimised once more. Leaving them alone halves the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core.callconv import CPUCallConv, excinfo_t
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.cpu import CPUContext
from numba.core.typed_passes import NativeLowering

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = ((0, 68),)  # numbas with which this was tried


def as_entries(version: tuple[int, int]) -> dict[str, Any]:
    """Options with which numba compiles what Python calls; none for a numba whose inner names are not known."""
    return {"pipeline_class": _EntryCompiler} if version in KNOWN else {}


def as_parts(version: tuple[int, int]) -> dict[str, Any]:
    """Options with which numba compiles parts of other functions; none for a numba whose inner names are not known."""
    return {"pipeline_class": _PartCompiler} if version in KNOWN else {}


class _Calls(CPUCallConv):  # type: ignore[misc]  # numba has no types
    """Calls whose results and errors have places on the stack, as with numba, but without zeros in them beforehand.

    numba writes those where a function begins, for every call that it might come to: in a loop of which all functions
    have become part, some dozens of them for each visit. Only what a call has written is ever read.
    """

    def call_function(
        self, builder: Any, callee: Any, resty: Any, argtys: Any, args: Any, attrs: Any = None
    ) -> tuple[Any, Any]:
        with builder.goto_entry_block():
            result = builder.alloca(self.get_return_type(resty).pointee)
            error = builder.alloca(ir.PointerType(excinfo_t))
        given = self._get_arg_packer(argtys).as_arguments(builder, args)
        code = builder.call(callee, [result, error, *given], attrs=attrs or ())
        status = self._get_return_status(builder, code, builder.load(error))
        return status, self.context.get_returned_value(builder, resty, builder.load(result))


class _Context(CPUContext):  # type: ignore[misc]
    call_conv = property(_Calls)


@register_pass(mutates_CFG=True, analysis_only=False)
class _EntryLowering(NativeLowering):  # type: ignore[misc]
    _name = "lowering of an entry"

    def run_pass(self, state: Any) -> bool:
        state.targetctx.__class__ = _Context
        super().run_pass(state)
        return True


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Code that is optimised and translated where it becomes part of other code, and not here."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(_EntryLowering):
    _name = "lowering of a part"

    def run_pass(self, state: Any) -> bool:
        state.library = _Library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        # numba finds code by the builtin that Python would call; it has to be one that nothing else has.
        name: Callable[..., None] = dict[str, int]().update
        state.targetctx.insert_user_function(name, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=name)
        return True


class _EntryCompiler(CompilerBase):  # type: ignore[misc]
    lowering = _EntryLowering

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [(self.lowering if each is NativeLowering else each, why) for each, why in pipeline.passes]
        pipeline.finalize()
        return [pipeline]


class _PartCompiler(_EntryCompiler):
    lowering = _PartLowering
