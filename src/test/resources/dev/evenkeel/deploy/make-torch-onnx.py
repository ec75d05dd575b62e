"""Makes torch-bn-mlp.onnx and torch-layer-norm-mlp.onnx: small networks with random weights and
running statistics, as PyTorch's own exporter writes them.

Made with torch 1.13.1 (Debian 12): python3 make-torch-onnx.py
"""

import torch
from torch import nn

torch.manual_seed(5)


def export(name, *layers):
    model = nn.Sequential(*layers)
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(2 * torch.randn(32, 6) + 1)
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    model.eval()
    torch.onnx.export(
        model, torch.randn(2, 6), name, opset_version=17, input_names=["x"], output_names=["y"],
        dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})


export("torch-bn-mlp.onnx",
       nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.GELU(),
       nn.Linear(8, 8), nn.ReLU(), nn.BatchNorm1d(8, momentum=0.2), nn.Dropout(0.5),
       nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
export("torch-layer-norm-mlp.onnx",
       nn.Linear(6, 8), nn.LayerNorm(8), nn.ELU(), nn.Linear(8, 4), nn.Softplus(),
       nn.Linear(4, 5), nn.LeakyReLU(), nn.Linear(5, 4), nn.SELU(), nn.Linear(4, 1), nn.Sigmoid())
