package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.Optional;

/** Element types that the safetensors format defines, with their size in bits. */
public enum TensorType {
  BOOL(8),
  U8(8),
  I8(8),
  F8_E4M3(8),
  F8_E5M2(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  I16(16),
  U16(16),
  F16(16),
  BF16(16),
  I32(32),
  U32(32),
  F32(32),
  C64(64),
  F64(64),
  I64(64),
  U64(64),
  F4(4),
  F6_E2M3(6),
  F6_E3M2(6);

  private final int bits;

  TensorType(int bits) {
    this.bits = bits;
  }

  /** Bits of one element. */
  public int bits() {
    return bits;
  }

  /** The type of this name, as headers spell it. */
  public static Optional<TensorType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** How files store a kernel's element type. */
  public static TensorType of(DType dtype) {
    return switch (dtype) {
      case F32 -> F32;
      case BF16 -> BF16;
      case F16 -> F16;
    };
  }

  /** The type as kernels know it, if they multiply it. */
  public Optional<DType> kernelType() {
    return Arrays.stream(DType.values()).filter(d -> of(d) == this).findFirst();
  }
}
