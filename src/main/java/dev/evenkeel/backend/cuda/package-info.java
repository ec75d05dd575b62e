/**
 * The backend for NVIDIA GPUs. It knows CUDA only through three small interfaces, {@link
 * dev.evenkeel.backend.cuda.CudaDriver}, {@link dev.evenkeel.backend.cuda.Blas} and {@link
 * dev.evenkeel.backend.cuda.Cudnn}: the room {@code jcuda} implements them on JCuda, the tests on a
 * GPU made of Java that executes the very PTX which ships.
 *
 * <p>Order of reading: {@link dev.evenkeel.backend.cuda.View} (what a kernel sees of a matrix),
 * {@link dev.evenkeel.backend.cuda.Kernels} (our operations by family: which kernel, with what
 * geometry and arguments; the kernels themselves are in {@code kernels/}), {@link
 * dev.evenkeel.backend.cuda.CudaBackend}.
 */
package dev.evenkeel.backend.cuda;
