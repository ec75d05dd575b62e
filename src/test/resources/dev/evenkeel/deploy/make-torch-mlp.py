"""Makes torch-mlp.safetensors and torch-mlp-rows.safetensors: a batch-normed MLP of four linear
layers, trained a few steps by PyTorch, and rows with what PyTorch puts out for them.

Made with torch 2.13.0 and safetensors 0.8.0: python make-torch-mlp.py
"""

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(7)
layers = []
width = 6
for _ in range(3):
    layers += [nn.Linear(width, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU()]
    width = 8
model = nn.Sequential(*layers, nn.Linear(8, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for _ in range(20):
    x = 2 * torch.randn(32, 6) + 1
    loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.eval()
x = torch.randn(16, 6)
with torch.no_grad():
    save_file({"x": x, "y": model(x)}, "torch-mlp-rows.safetensors")
save_file(model.state_dict(), "torch-mlp.safetensors", metadata={"format": "pt"})
