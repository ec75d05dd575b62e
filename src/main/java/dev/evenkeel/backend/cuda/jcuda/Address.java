package dev.evenkeel.backend.cuda.jcuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Addresses as JCuda's pointers, and back. */
final class Address {

  private Address() {}

  /** JCuda adds the offset to an address of 0: that is all a pointer needs to be. */
  static CUdeviceptr of(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** A pointer that tells what JCuda wrote into it. */
  static final class Out extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** Memory of the host outside Java's heap, which JCuda reads without a copy. */
  static ByteBuffer host(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** One float for cuBLAS and cuDNN to read whenever an operation runs. */
  static Pointer scalar(float value) {
    ByteBuffer memory = host(Float.BYTES);
    memory.putFloat(0, value);
    return Pointer.to(memory);
  }
}
