# Makes arrays.npz beside this file: python3 make-arrays.py
import numpy as np

np.savez_compressed(
    "arrays.npz",
    halves=np.array([[0, -0.0, 1, -2.5], [65504, 6e-8, 2.0**-14, 1 / 3]], "<f2").reshape(2, 2, 2),
    big=np.asfortranarray(np.arange(12).reshape(2, 3, 2).astype(">f8")),
    shorts=np.array([-2, 300], ">i2"),
    names=np.array(["Aal", "Zährte", "𝄞"]),
    bigNames=np.array(["Aal", "Zährte", "𝄞"]).astype(">U6"),
    bytes=np.array([b"eel", b"roach", b""]),
    objects=np.array([None, 1], dtype=object),
    records=np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f4")]),
)
