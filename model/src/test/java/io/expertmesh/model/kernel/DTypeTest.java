package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DTypeTest {
  @Test
  void activationsAreWhatIsAskedForAndElseFollowTheCheckpoint() {
    assertThat(DType.activations("f32", DType.BF16)).isEqualTo(DType.F32);
    assertThat(DType.activations("bf16", DType.F32)).isEqualTo(DType.BF16);
    assertThat(DType.activations("auto", DType.BF16)).isEqualTo(DType.BF16);
    assertThat(DType.activations("auto", DType.F32)).isEqualTo(DType.F32);
    assertThat(DType.activations("auto", DType.F16)).isEqualTo(DType.F32);
    assertThatThrownBy(() -> DType.activations("int8", DType.F32))
        .hasMessage("expertmesh.dtype is 'int8', must be auto, f32 or bf16.");
  }
}
