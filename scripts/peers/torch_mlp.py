#!/usr/bin/env python3
"""Times PyTorch on the networks and products that gpu-bench times Evenkeel on.

  torch_mlp.py train  --nets 784-512x3-10@256,... --precisions fp32,tf32,bf16 --modes eager,compile
  torch_mlp.py limits --layers 256x784x512,... --copies 256x512,... --precisions fp32,tf32,bf16

One JSON object a line for each configuration, as soon as it is known. A configuration that fails
has an "error" instead of numbers.

The network: Linear without bias, BatchNorm1d, ReLU for each hidden layer, Linear with bias at the
end; softmax cross-entropy; fused Adam. PyTorch's best settings, as its own documentation has them:

  fp32   float32_matmul_precision "highest"
  tf32   float32_matmul_precision "high"
  bf16   autocast to bfloat16, parameters and optimizer in float32 (as Evenkeel's are)

  eager    operation by operation
  compile  forward, loss and backward by torch.compile in mode max-autotune; then the whole step, with
           fused Adam, captured in one CUDA graph ("how": "whole-step graph"). Where that fails, the
           graphs that max-autotune makes by itself, and Adam beside them ("how": "graph trees").
  trees    the latter at once

A step is timed in blocks, from a synchronised start to a synchronised end, after warming up. Data is
on the device before; in eager mode a batch is a view of it, for which nothing is moved.
"""

import argparse
import gc
import json
import statistics
import sys
import time

import torch
from torch import nn

BLOCK_SECONDS = 0.02
WARM_SECONDS = 0.5  # a GPU that was idle runs at a fraction of its clock
MOST_VALUES = 1 << 26


def say(**values):
    print(json.dumps(values), flush=True)


def set_precision(precision):
    torch.set_float32_matmul_precision("highest" if precision == "fp32" else "high")


def parse_net(text):
    """784-512x3-10@256: inputs, width and number of hidden layers, outputs, rows of a batch."""
    layers, batch = text.split("@")
    inputs, hidden, outputs = layers.split("-")
    width, count = hidden.split("x")
    return int(inputs), int(width), int(count), int(outputs), int(batch)


def network(inputs, width, count, outputs):
    layers = []
    for _ in range(count):
        layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class Training:
    """A network with its optimizer and data; step(i) starts a step on batch i."""

    def __init__(self, net, precision, mode, device):
        inputs, width, count, outputs, batch = parse_net(net)
        set_precision(precision)
        torch.manual_seed(1)
        self.device = device
        self.precision = precision
        self.model = network(inputs, width, count, outputs).to(device).train()
        self.batches = max(2, min(8, MOST_VALUES // (batch * inputs)))
        self.x = torch.randn(self.batches, batch, inputs, device=device)
        if precision == "bf16":  # as Evenkeel stores them, so that no step pays for a conversion
            self.x = self.x.bfloat16()
        self.y = torch.randint(outputs, (self.batches, batch), device=device)
        self.parameters = sum(p.numel() for p in self.model.parameters())
        self.last = None
        self.how = mode
        self.graph = None
        self.forward = self.loss
        if mode == "eager":
            self.adam(capturable=False)
            self.step = self.plain_step
        elif mode == "trees":
            self.trees()
        else:
            self.compile()

    def adam(self, capturable):
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=1e-3, fused=True, capturable=capturable
        )

    def loss(self, x, y):
        if self.precision == "bf16":
            with torch.autocast(self.device, dtype=torch.bfloat16):
                return nn.functional.cross_entropy(self.model(x), y)
        return nn.functional.cross_entropy(self.model(x), y)

    def one(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        self.last = self.forward(x, y)
        self.last.backward()
        self.optimizer.step()

    def plain_step(self, i):
        self.one(self.x[i % self.batches], self.y[i % self.batches])

    def trees(self):
        self.how = "graph trees"
        self.adam(capturable=False)
        self.forward = torch.compile(self.loss, mode="max-autotune")

        def step(i):
            torch.compiler.cudagraph_mark_step_begin()
            self.plain_step(i)

        self.step = step

    def compile(self):
        try:
            self.whole_step_graph()
        except Exception as e:  # an older PyTorch: its own graphs, then
            print("no whole-step graph: %r" % e, file=sys.stderr, flush=True)
            torch.cuda.synchronize()
            torch._dynamo.reset()
            self.trees()

    def whole_step_graph(self):
        self.how = "whole-step graph"
        self.adam(capturable=True)
        self.forward = torch.compile(self.loss, mode="max-autotune-no-cudagraphs")
        x = self.x[0].clone()
        y = self.y[0].clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(4):
                self.one(x, y)
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        self.optimizer.zero_grad(set_to_none=True)
        self.last = None
        give_back()
        # What the graph's own memory takes is only counted while it is captured.
        torch.cuda.reset_peak_memory_stats()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.last = self.forward(x, y)
            self.last.backward()
            self.optimizer.step()

        def step(i):
            x.copy_(self.x[i % self.batches])
            y.copy_(self.y[i % self.batches])
            self.graph.replay()

        self.step = step

    def await_all(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


def timed(training, steps, seconds, warmup):
    """Seconds of a step, one value a block, and of the host to start one."""
    number = 0
    start = time.perf_counter()
    while number < warmup or time.perf_counter() - start < WARM_SECONDS:
        training.step(number)
        number += 1
    training.await_all()
    if training.device == "cuda" and training.graph is None:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    for _ in range(5):
        training.step(number)
        number += 1
    training.await_all()
    one = (time.perf_counter() - start) / 5
    steps = max(10, min(steps, int(seconds / one)))
    block = max(1, min(int(BLOCK_SECONDS / one) + 1, steps // 5))
    blocks = []
    for _ in range(max(1, steps // block)):
        start = time.perf_counter()
        for _ in range(block):
            training.step(number)
            number += 1
        training.await_all()
        blocks.append((time.perf_counter() - start) / block)
    host = []
    for _ in range(min(steps, 31)):
        start = time.perf_counter()
        training.step(number)
        host.append(time.perf_counter() - start)
        number += 1
        training.await_all()
    return blocks, host


def free_bytes(device):
    return torch.cuda.mem_get_info()[0] if device == "cuda" else 0


def give_back():
    """All memory that is not in use; cuBLAS' own, 32 MiB for each stream, would count as a net's."""
    gc.collect()
    getattr(torch._C, "_cuda_clearCublasWorkspaces", lambda: None)()
    torch.cuda.empty_cache()


def train_one(net, precision, mode, options, free):
    device = options.device
    torch._dynamo.reset()
    if device == "cuda":
        give_back()
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    training = Training(net, precision, mode, device)
    training.step(0)
    training.await_all()
    ready = time.perf_counter() - began
    blocks, host = timed(training, options.steps, options.seconds, options.warmup)
    blocks.sort()
    result = dict(
        framework="PyTorch " + torch.__version__,
        net=net,
        precision=precision,
        mode=mode,
        how=training.how,
        step_ms=statistics.median(blocks) * 1e3,
        step_ms_p10=blocks[len(blocks) // 10] * 1e3,
        step_ms_p90=blocks[len(blocks) * 9 // 10] * 1e3,
        host_us_per_step=statistics.median(host) * 1e6,
        parameters=training.parameters,
        final_loss=training.last.item(),
        ready_s=ready,
    )
    if device == "cuda":
        result["device_mb"] = torch.cuda.max_memory_allocated() * 1e-6
        result["reserved_mb"] = torch.cuda.max_memory_reserved() * 1e-6
        result["driver_mb"] = (free - free_bytes(device)) * 1e-6
    return result


def train(options):
    if options.device == "cuda":
        torch.zeros(1, device="cuda")
    free = free_bytes(options.device)  # before libraries are loaded, which stay for all that follow
    for net in options.nets.split(","):
        for mode in options.modes.split(","):  # compiling may not come to an end in its time
            for precision in options.precisions.split(","):
                name = dict(net=net, precision=precision, mode=mode)
                try:
                    say(**train_one(**name, options=options, free=free))
                except Exception as e:
                    say(**name, error=repr(e)[:300])


# What the machine can do


def graph_seconds(operations, replays):
    """Median seconds of one of these operations, recorded one after another in a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for operation in operations[:2]:
            operation()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for operation in operations:
            operation()
    graph.replay()
    torch.cuda.synchronize()
    passes = 1
    samples = []
    for attempt in range(replays + 1):
        begin = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(passes):
            graph.replay()
        end.record()
        end.synchronize()
        seconds = begin.elapsed_time(end) * 1e-3
        if attempt == 0:
            passes = max(1, min(50, int(2e-3 / max(seconds, 1e-6))))
        else:
            samples.append(seconds / passes / len(operations))
    return statistics.median(samples)


def sets_for(bytes_of_one):
    cache = torch.cuda.get_device_properties(0).L2_cache_size
    return max(2, min(32, 3 * cache // bytes_of_one + 1))


def limits(options):
    replays = 5 if options.quick else 15
    for shape in filter(None, options.copies.split(",")):
        rows, columns = map(int, shape.split("x"))
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            size = rows * columns * dtype.itemsize
            sets = sets_for(2 * size)
            x = [torch.randn(rows, columns, device="cuda").to(dtype) for _ in range(sets)]
            y = [torch.empty_like(one) for one in x]
            seconds = graph_seconds([lambda i=i: y[i].copy_(x[i]) for i in range(sets)], replays)
            say(kind="copy", shape=shape, type=name, microseconds=seconds * 1e6, gigabytes_per_second=2e-9 * size / seconds)
            del x, y
    for layer in filter(None, options.layers.split(",")):
        n, i, o = map(int, layer.split("x"))
        for precision in options.precisions.split(","):
            try:
                products(n, i, o, precision, replays)
            except Exception as e:
                say(kind="product", m=n, n=o, k=i, precision=precision, error=repr(e)[:300])
            torch.cuda.empty_cache()


def products(n, i, o, precision, replays):
    set_precision(precision)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    sets = sets_for((n * i + i * o + n * o) * dtype.itemsize)

    def matrices(rows, columns):
        return [torch.randn(rows, columns, device="cuda").to(dtype) for _ in range(sets)]

    x, w, z, dw = matrices(n, i), matrices(o, i), matrices(n, o), matrices(o, i)
    flops = 2.0 * n * i * o
    for name, m, columns, k, operation in (
        ("forward", n, o, i, lambda j: torch.mm(x[j], w[j].t(), out=z[j])),
        ("dx", n, i, o, lambda j: torch.mm(z[j], w[j], out=x[j])),
        ("dw", o, i, n, lambda j: torch.mm(z[j].t(), x[j], out=dw[j])),
    ):
        seconds = graph_seconds([lambda j=j: operation(j) for j in range(sets)], replays)
        say(
            kind="product",
            product=name,
            m=m,
            n=columns,
            k=k,
            precision=precision,
            microseconds=seconds * 1e6,
            teraflops=flops / seconds * 1e-12,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("--nets", default="784-512x3-10@256")
    one.add_argument("--modes", default="eager,compile")
    one.add_argument("--steps", type=int, default=20000, help="to time at most")
    one.add_argument("--seconds", type=float, default=2, help="to time, 10 steps at least")
    one.add_argument("--warmup", type=int, default=20)
    one.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    two = commands.add_parser("limits")
    two.add_argument("--layers", default="")
    two.add_argument("--copies", default="")
    two.add_argument("--quick", action="store_true")
    for command in (one, two):
        command.add_argument("--precisions", default="fp32,tf32,bf16")
    options = parser.parse_args()
    if (options.command == "limits" or options.device == "cuda") and not torch.cuda.is_available():
        sys.exit("torch_mlp.py: PyTorch %s sees no GPU here" % torch.__version__)
    if options.command == "train":
        train(options)
    else:
        limits(options)


if __name__ == "__main__":
    main()
