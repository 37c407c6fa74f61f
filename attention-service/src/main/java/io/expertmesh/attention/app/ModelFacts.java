package io.expertmesh.attention.app;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.protocol.core.ServiceSnapshot;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.v1.ModelDescription;
import io.expertmesh.protocol.v1.RoutedLayerFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What the process says of its model: what is known so far, and whether it can be used now. */
final class ModelFacts {
  private final StatusBoard board;
  private volatile ModelDescription model = ModelDescription.getDefaultInstance();
  private volatile BooleanSupplier reachable = () -> true;
  private volatile Supplier<String> missing = () -> "";

  ModelFacts(StatusBoard board) {
    this.board = Objects.requireNonNull(board, "board");
  }

  /** The model is known from now on. */
  void model(Checkpoint checkpoint, String numericsClass, int maxContext, int maxLogprobs) {
    model =
        ModelDescription.newBuilder()
            .setModelId(checkpoint.modelId())
            .setWeightsVersion(checkpoint.weightsVersion())
            .setNumericsClass(numericsClass)
            .setVocabSize(checkpoint.spec().vocabSize())
            .setMaxContext(maxContext)
            .addAllEosTokenIds(checkpoint.spec().eosTokenIds())
            .setMaxLogprobs(maxLogprobs)
            .addAllRoutedLayers(routedLayers(checkpoint.spec()))
            .build();
  }

  private static List<RoutedLayerFacts> routedLayers(ModelSpec spec) {
    List<RoutedLayerFacts> layers = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      if (layer.channelMixer() instanceof RoutedFfn routed) {
        GatingSpec policy = routed.gate().policy();
        layers.add(
            RoutedLayerFacts.newBuilder()
                .setLayer(layer.index())
                .setExperts(routed.experts().size())
                .setPolicy(policy.ruleName())
                .setMostChoices(policy.mostChoices(routed.experts().size()))
                .build());
      }
    }
    return layers;
  }

  /** Where to see whether every expert can be reached, and if not, why. */
  void experts(BooleanSupplier allReachable, Supplier<String> whatIsMissing) {
    reachable = allReachable;
    missing = whatIsMissing;
  }

  ModelDescription describe() {
    ServiceSnapshot now = board.snapshot();
    boolean started = now.state() == ServiceState.READY;
    boolean ready = started && reachable.getAsBoolean();
    String reason = started ? missing.get() : now.detail();
    return model.toBuilder()
        .setReady(ready)
        .setNotReadyReason(ready ? "" : reason)
        .setWaitsForExperts(started && !ready)
        .build();
  }
}
