package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProductWarmUpTest {
  @ParameterizedTest
  @EnumSource(DType.class)
  void everyKindOfWeightsIsComputedWith(DType weights) throws InterruptedException {
    AtomicInteger turns = new AtomicInteger();
    ProductWarmUp.run(new VectorKernels(), weights, DType.F32, turns::incrementAndGet);
    assertThat(turns).hasValueGreaterThan(1000);
  }

  @Test
  void kernelsThatNeedNoneAreLeftAlone() throws InterruptedException {
    AtomicInteger turns = new AtomicInteger();
    ProductWarmUp.run(new ScalarKernels(), DType.F32, DType.F32, turns::incrementAndGet);
    assertThat(turns).hasValue(0);
  }

  @Test
  void itEndsWhenItsTurnIsInterrupted() {
    assertThatThrownBy(
            () ->
                ProductWarmUp.run(
                    new VectorKernels(),
                    DType.BF16,
                    DType.BF16,
                    () -> {
                      throw new InterruptedException();
                    }))
        .isInstanceOf(InterruptedException.class);
  }
}
