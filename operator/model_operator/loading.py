"""What third parties load along and nobody here uses stays unloaded.

Half of the start-up was the import of a synchronous Kubernetes client, its HTTP stack and a command line for httpx
(docs/decisions/0022). Used where the package in question is imported, and nowhere else.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec


@contextmanager
def only_submodules(*packages: str) -> Iterator[None]:
    """Inside, submodules of these packages can be imported without the packages' own code, parents first.

    A package that is loaded already stays as it is. One that was not is empty from then on, but for its submodules.
    """
    for package in packages:
        if package not in sys.modules:
            parent, _, name = package.rpartition(".")
            module = module_from_spec(_spec(package))
            sys.modules[package] = module
            if parent:
                setattr(sys.modules[parent], name, module)
    yield


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Inside, these modules cannot be imported, as if they were not installed. One that is loaded already can."""
    hidden = [module for module in modules if module not in sys.modules]
    # None is Python's own word for "cannot be imported".
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


def _spec(package: str) -> ModuleSpec:
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return spec
