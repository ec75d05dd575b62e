/**
 * CUDA through JCuda: the only room that imports {@code jcuda}. Every return code is looked at
 * here; JCuda's own exceptions stay off.
 *
 * <p>Order of reading: {@link dev.evenkeel.backend.cuda.jcuda.CudaSetup} (what has to be there),
 * {@link dev.evenkeel.backend.cuda.jcuda.JCudaDriver}, {@link
 * dev.evenkeel.backend.cuda.jcuda.JCudaBlas}, {@link dev.evenkeel.backend.cuda.jcuda.JCudaCudnn}.
 */
package dev.evenkeel.backend.cuda.jcuda;
