"""Compiling what is only ever part of other functions: no machine code is made of it by itself.

numba optimises each function together with all that it calls, and translates it. But all functions of the engine, but
for a few, are only called by others, into which they are optimised once more. Leaving them alone halves the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = ((0, 68),)  # numbas with which this was tried


def as_parts(version: tuple[int, int]) -> dict[str, Any]:
    """Options with which numba compiles parts of other functions; none for a numba whose inner names are not known."""
    return {"pipeline_class": _Compiler} if version in KNOWN else {}


class _Library(JITCodeLibrary):  # type: ignore[misc]  # numba has no types
    """Code that is optimised and translated where it becomes part of other code, and not here."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
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


class _Compiler(CompilerBase):  # type: ignore[misc]
    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [(_Lowering if each is NativeLowering else each, why) for each, why in pipeline.passes]
        pipeline.finalize()
        return [pipeline]
