"""Makes keras2.h5, keras-link.h5 and keras3.keras, laid out as Keras 2 and Keras 3 lay a model out, and
keras-rows.npy: rows, then what the model answers to each, computed here in float64.

There is no Keras in this: the layout is written by hand after its saving code (Keras 2.3:
saving.hdf5_format; Keras 3: saving.saving_lib), the formulas after its documentation.

Made with h5py 3.7.0 and numpy 1.24.2 (Debian 12): python3 make-keras-mlp.py
"""

import io
import json
import zipfile

import h5py
import numpy as np

random = np.random.default_rng(11)


def normal(*shape):
    return random.normal(0, 0.6, shape).astype(np.float32)


def positive(*shape):
    return random.uniform(0.5, 2, shape).astype(np.float32)


# class, configuration, weights by name, in Keras' order of creation
LAYERS = [
    ("Rescaling", {"name": "rescaled", "scale": 0.5, "offset": 0.25}, {}),
    ("Flatten", {"name": "flat"}, {}),
    ("Normalization", {"name": "scaled", "axis": [-1], "invert": False},
     {"mean": normal(6), "variance": positive(6)}),
    ("Dense", {"name": "dense", "units": 8, "activation": "linear", "use_bias": False},
     {"kernel": normal(6, 8)}),
    ("BatchNormalization",
     {"name": "bn", "axis": [1], "momentum": 0.95, "epsilon": 0.01, "center": True, "scale": True},
     {"gamma": positive(8), "beta": normal(8), "moving_mean": normal(8),
      "moving_variance": positive(8)}),
    ("ReLU", {"name": "relu", "max_value": None, "negative_slope": 0.0, "threshold": 0.0}, {}),
    ("Dropout", {"name": "dropout", "rate": 0.25}, {}),
    ("Dense", {"name": "dense_0", "units": 8, "activation": "silu", "use_bias": True},
     {"kernel": normal(8, 8), "bias": normal(8)}),
    ("GroupNormalization",
     {"name": "gn", "groups": 2, "axis": -1, "epsilon": 0.002, "center": True, "scale": True},
     {"gamma": positive(8), "beta": normal(8)}),
    ("Dense", {"name": "dense_1", "units": 7, "activation": "elu", "use_bias": True},
     {"kernel": normal(8, 7), "bias": normal(7)}),
    ("BatchNormalization",
     {"name": "bn_1", "axis": [1], "momentum": 0.99, "epsilon": 0.001, "center": True,
      "scale": False},
     {"beta": normal(7), "moving_mean": normal(7), "moving_variance": positive(7)}),
    ("LayerNormalization",
     {"name": "ln", "axis": [1], "epsilon": 0.001, "center": True, "scale": True},
     {"gamma": positive(7), "beta": normal(7)}),
    ("LeakyReLU", {"name": "leaky", "negative_slope": 0.01}, {}),
    ("RMSNormalization", {"name": "rms", "axis": -1, "epsilon": 1e-06}, {"scale": positive(7)}),
    ("Dense", {"name": "logits", "units": 3, "activation": "softmax", "use_bias": True},
     {"kernel": normal(7, 3), "bias": normal(3)}),
]


def forward(x):
    for kind, config, w in LAYERS:
        w = {name: value.astype(np.float64) for name, value in w.items()}
        if kind == "Rescaling":
            x = 0.5 * x + 0.25
        elif kind == "GroupNormalization":
            parts = x.reshape(-1, 2, 4)
            deviation = np.sqrt(parts.var(2, keepdims=True) + config["epsilon"])
            x = ((parts - parts.mean(2, keepdims=True)) / deviation).reshape(-1, 8)
            x = x * w["gamma"] + w["beta"]
        elif kind == "RMSNormalization":
            x = x / np.sqrt((x * x).mean(1, keepdims=True) + config["epsilon"]) * w["scale"]
        elif kind == "LeakyReLU":
            x = np.where(x > 0, x, 0.01 * x)
        elif kind == "Normalization":
            x = (x - w["mean"]) / np.sqrt(w["variance"])
        elif kind == "Dense":
            x = x @ w["kernel"] + w.get("bias", 0)
            if config["activation"] == "elu":
                x = np.where(x > 0, x, np.expm1(x))
            elif config["activation"] == "silu":
                x = x / (1 + np.exp(-x))
            elif config["activation"] == "softmax":
                x = np.exp(x) / np.exp(x).sum(1, keepdims=True)
        elif kind == "BatchNormalization":
            x = (x - w["moving_mean"]) / np.sqrt(w["moving_variance"] + config["epsilon"])
            x = x * w.get("gamma", 1) + w["beta"]
        elif kind == "LayerNormalization":
            x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + config["epsilon"])
            x = x * w["gamma"] + w["beta"]
        elif kind == "ReLU":
            x = np.maximum(x, 0)
    return x


def described(version):
    shape = {2: "batch_input_shape", 3: "batch_shape"}[version]
    layers = [{"class_name": "InputLayer", "config": {shape: [None, 2, 3], "name": "x"}}]
    layers += [{"class_name": kind, "config": config} for kind, config, _ in LAYERS]
    return layers


def keras2(path):
    """Functional, with the layers one behind the other."""
    layers = described(2)
    for i, layer in enumerate(layers):
        before = layers[i - 1]["config"]["name"]
        layer["name"] = layer["config"]["name"]
        layer["inbound_nodes"] = [[[before, 0, 0, {}]]] if i else []
    config = {"class_name": "Functional", "config": {
        "name": "model", "layers": layers,
        "input_layers": [["x", 0, 0]], "output_layers": [["logits", 0, 0]]}}
    with h5py.File(path, "w") as f:
        f.attrs["backend"] = "tensorflow"
        f.attrs["keras_version"] = "2.15.0"
        f.attrs["model_config"] = json.dumps(config)
        root = f.create_group("model_weights")
        root.attrs["layer_names"] = [l["name"].encode() for l in layers]
        root.create_group("x").attrs["weight_names"] = np.array([], dtype="S1")
        for kind, config, weights in LAYERS:
            name = config["name"]
            group = root.create_group(name)
            paths = ["%s/%s:0" % (name, weight) for weight in weights]
            group.attrs["weight_names"] = [p.encode() for p in paths]
            for p, value in zip(paths, weights.values()):
                group.create_dataset(p, data=value)


def keras3(path):
    """Sequential, in an archive."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as f:
        counts = {}
        snake = {"ReLU": "re_lu", "LeakyReLU": "leaky_re_lu",
                 "BatchNormalization": "batch_normalization",
                 "LayerNormalization": "layer_normalization",
                 "GroupNormalization": "group_normalization",
                 "RMSNormalization": "rms_normalization"}
        for kind, config, values in LAYERS:
            name = snake.get(kind, kind.lower())
            counts[name] = counts.get(name, -1) + 1
            place = name + ("_%d" % counts[name] if counts[name] else "")
            variables = f.create_group("layers/%s/vars" % place)
            variables.attrs["name"] = config["name"]
            for i, value in enumerate(values.values()):
                variables[str(i)] = value
        f.create_group("vars")
    layers = [{"module": "keras.layers", "registered_name": None, **l} for l in described(3)]
    config = {"module": "keras", "class_name": "Sequential",
              "config": {"name": "sequential", "layers": layers}}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in [
                ("metadata.json", json.dumps({"keras_version": "3.6.0"})),
                ("config.json", json.dumps(config)), ("model.weights.h5", weights.getvalue())]:
            archive.writestr(zipfile.ZipInfo(name), content)


keras2("keras2.h5")
keras3("keras3.keras")
rows = random.normal(0, 2, (16, 6)).astype(np.float32)
np.save("keras-rows.npy", np.hstack([rows, forward(rows.astype(np.float64))]).astype(np.float32))

# As keras2.h5, but for its first weights, which lie in another file.
with h5py.File("keras2.h5") as whole, h5py.File("keras-link.h5", "w") as f:
    f.attrs["model_config"] = whole.attrs["model_config"]
    f.create_group("model_weights")["scaled"] = h5py.ExternalLink(
        "keras2.h5", "/model_weights/scaled")
