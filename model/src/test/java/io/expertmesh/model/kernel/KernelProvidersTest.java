package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelProvidersTest {
  @Test
  void aForcedProviderIsTheOneThatIsGiven() {
    for (String name : new String[] {"scalar", "vector"}) {
      Selection selection = KernelProviders.select(name, DType.BF16);
      assertThat(selection.kernels().provider()).isEqualTo(name);
      assertThat(selection.reason()).contains(name);
    }
  }

  @Test
  void fp32ModelsRunOnVectors() {
    assertThat(KernelProviders.select("auto", DType.F32).kernels().provider()).isEqualTo("vector");
  }

  @Test
  void scalarAndVectorAreOfOneClass() {
    NumericsClass vector = new VectorKernels().numericsClass(DType.BF16);
    assertThat(vector).isEqualTo(new ScalarKernels().numericsClass(DType.BF16));
    assertThat(vector.label()).isEqualTo("fma1/any/bf16");
    assertThat(vector).isNotEqualTo(new VectorKernels().numericsClass(DType.F32));
  }

  @Test
  void anUnknownProviderIsRefusedByName() {
    assertThatThrownBy(() -> KernelProviders.select("cuda", DType.F32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'cuda'")
        .hasMessageContaining("vector");
  }

  @Test
  void halfPrecisionActivationsAreRefused() {
    assertThatThrownBy(() -> KernelProviders.select("auto", DType.F16)).hasMessageContaining("F16");
  }
}
