/** Tests and benchmarks that need a real GPU; {@code scripts/gpu-check} runs them. */
package dev.evenkeel.gpu;
