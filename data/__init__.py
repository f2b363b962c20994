"""Images and labels: MNIST (found, fetched, verified), the built-in digits, splits and batches."""

import lazy_loader

# A name is imported when it is first used: what lists runs needs neither NumPy nor pydantic.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
