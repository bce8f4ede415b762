"""`shap._cutils`: kernels of the incumbent's own loops. Not imitated: files naming one can be imported."""

from typing import Any, NoReturn

KERNELS = {"_init_masks", "compute_grey_code_row_values", "compute_grey_code_row_values_st"}


def __getattr__(name: str) -> Any:
    """Give a stand-in that says, when called, that there is no such step here."""
    if name not in KERNELS:
        msg = f"module 'shap._cutils' has no attribute {name!r}"
        raise AttributeError(msg)

    def kernel(*_args: Any, **_options: Any) -> NoReturn:
        msg = f"`{name}` is a kernel of shap's own loops: ferroshap has no such step"
        raise NotImplementedError(msg)

    return kernel
