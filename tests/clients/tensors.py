"""Three elements of every datatype, at the edges of what it holds, and a model that gives back what it was given."""

import numpy as np
from tritonclient.utils import triton_to_np_dtype

DATATYPES = "BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FP16 BF16 FP32 FP64 BYTES".split()

TYPES = {
    "name": "types",
    "inputs": [{"name": datatype, "datatype": datatype, "shape": [-1]} for datatype in DATATYPES],
    "answer": "echo",
}


def array(datatype):
    if datatype == "BYTES":
        return np.array([b"one", b"", "zw\u00f6lf".encode()], dtype=np.object_)
    if datatype == "BOOL":
        return np.array([True, False, True])
    if datatype == "BF16":
        return np.array([0.5, -2.0, 128.0], dtype=triton_to_np_dtype("BF16") or np.float32)
    kind = np.dtype(triton_to_np_dtype(datatype))
    if kind.kind == "f":
        return np.array([0.1, -2.5, np.finfo(kind).max], dtype=kind)
    return np.array([np.iinfo(kind).min, 1, np.iinfo(kind).max], dtype=kind)


def equal(found, expected, name):
    assert found is not None, f"expected the output {name}, found none"
    if found.dtype == np.object_:
        # From JSON the client makes texts, from binary data bytes.
        found = np.array([text.encode() if isinstance(text, str) else text for text in found], dtype=np.object_)
    assert np.array_equal(found.astype(expected.dtype), expected), f"{name}: expected {expected}, found {found}"
