package io.expertmesh.expert.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProbationTest {
  private final ComputePool pool = ComputePools.of(1);
  private final List<String> ends = new ArrayList<>();
  private boolean broken;
  private final ExpertHost host =
      new ExpertHost(
          Goldens.engine("mixtral", DType.F32, kernels(), pool, 64),
          256,
          System::nanoTime,
          (block, pairs, nanos) -> {});
  private final Probation probation = new Probation(host, ends::add);

  @AfterEach
  void stop() {
    pool.close();
  }

  @Test
  void aSoundReplicaPassesOnTheComputingThread() {
    probation.prove(() -> ends.add("passed"));
    assertThat(ends).isEmpty();
    assertThat(host.step()).isTrue();
    assertThat(ends).containsExactly("passed");
    assertThat(host.step()).isFalse();
  }

  @Test
  void aBrokenReplicaComputesNothingMoreAndSaysWhichExpertIsWrong() {
    broken = true;
    probation.prove(() -> ends.add("passed"));
    // Returns because the failure ends it.
    host.run();
    assertThat(ends)
        .containsExactly(
            "A router ejected this replica. Self-test failed: expert 0 of layer 0 gave a value that"
                + " is not finite.");
  }

  /** Kernels whose activation gives NaN as soon as {@link #broken} is set. */
  private Kernels kernels() {
    Kernels sound = KernelProviders.select("auto", DType.F32).kernels();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(sound, arguments);
                if (broken && method.getName().equals("gated")) {
                  ((float[]) arguments[3])[(int) arguments[4]] = Float.NaN;
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
