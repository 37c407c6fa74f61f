package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.attention.core.ModelWeights;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.expert.core.ShardNotation;
import io.expertmesh.expert.core.ShardSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.Grouped;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A service reads the tensors that are fetched for it: no other, and all of them. */
class ReadTensorsTest {
  private static final Path GOLDEN = Path.of("../model/src/test/resources/golden");
  private static final Kernels KERNELS = KernelProviders.select("scalar", DType.F32).kernels();

  @ParameterizedTest
  @MethodSource("goldens")
  void everyServiceReadsWhatIsFetchedForIt(Path golden) {
    try (Checkpoint checkpoint = Checkpoints.open(golden);
        ComputePool pool = ComputePools.of(1);
        Arena arena = Arena.ofConfined()) {
      ModelSpec spec = checkpoint.spec();
      RecordingCheckpoint attention = new RecordingCheckpoint(checkpoint);
      ModelWeights.load(attention, KERNELS, DType.F32, 16, arena, done -> {});
      assertThat(attention.read()).hasSameElementsAs(TensorNeeds.rest(spec));

      RecordingCheckpoint router = new RecordingCheckpoint(checkpoint);
      Gates.load(router, Grouped.named("request"), KERNELS, pool, arena);
      assertThat(router.read()).hasSameElementsAs(TensorNeeds.gates(spec));

      if (!spec.routedLayers().isEmpty()) {
        RecordingCheckpoint expert = new RecordingCheckpoint(checkpoint);
        ShardSpec shard = ShardNotation.parse("s", spec, "", "1/2");
        ExpertWeights.pack(expert, shard, KERNELS, DType.F32, arena, (packed, all) -> {});
        assertThat(expert.read()).hasSameElementsAs(ExpertWeights.reads(spec, shard));
      }
    }
  }

  static List<Path> goldens() throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN)) {
      return files.filter(Files::isDirectory).sorted().toList();
    }
  }
}
