package io.expertmesh.model.kernel;

/** Element type of a stored tensor or of activations. */
public enum DType {
  F32(4),
  BF16(2),
  F16(2);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The type of activations that a configuration asks for.
   *
   * @param wanted auto, f32 or bf16, which every service knows as {@code expertmesh.dtype}
   * @param stored type of the checkpoint's weights, which auto follows as far as it can
   * @throws IllegalArgumentException with a sentence for people
   */
  public static DType activations(String wanted, DType stored) {
    return switch (wanted) {
      case "auto" -> stored == BF16 ? BF16 : F32;
      case "f32" -> F32;
      case "bf16" -> BF16;
      default ->
          throw new IllegalArgumentException(
              "expertmesh.dtype is '" + wanted + "', must be auto, f32 or bf16.");
    };
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
