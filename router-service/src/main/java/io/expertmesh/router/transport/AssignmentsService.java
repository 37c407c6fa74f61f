package io.expertmesh.router.transport;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.placement.LoadBalance;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.v1.AssignReply;
import io.expertmesh.protocol.v1.AssignRequest;
import io.expertmesh.protocol.v1.AssignmentsGrpc;
import io.expertmesh.protocol.v1.GatingRule;
import io.expertmesh.protocol.v1.LayerLoads;
import io.expertmesh.protocol.v1.LoadsReply;
import io.expertmesh.protocol.v1.LoadsRequest;
import io.expertmesh.protocol.v1.SquaredVariation;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.RoutedModel;
import io.expertmesh.router.core.RouterCounters;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GateLosses;
import io.expertmesh.router.core.gating.GatingPolicy;
import io.expertmesh.router.core.gating.HashTable;
import io.expertmesh.router.core.gating.NoisyTopK;
import io.expertmesh.router.core.gating.SoftMixture;
import io.expertmesh.router.core.gating.UndecidableException;
import io.grpc.stub.StreamObserver;
import java.util.Arrays;
import java.util.List;

/** Answers what the gates, or any other rule, would decide. On the router's event loop. */
final class AssignmentsService extends AssignmentsGrpc.AssignmentsImplBase {
  private static final int MAX_ROWS = 8192;
  private static final int MAX_EXPERTS = 4096;

  private final RoutedModel model;
  private final Gates gates;
  private final Kernels kernels;
  private final RouterCounters counters;
  private final Assignments assignments = new Assignments();

  AssignmentsService(RoutedModel model, Gates gates, Kernels kernels, RouterCounters counters) {
    this.model = model;
    this.gates = gates;
    this.kernels = kernels;
    this.counters = counters;
  }

  @Override
  public void assign(AssignRequest request, StreamObserver<AssignReply> observer) {
    AssignReply reply;
    try {
      reply = request.hasPolicy() ? byRule(request) : byModel(request);
    } catch (IllegalArgumentException | UndecidableException e) {
      observer.onError(
          GrpcErrors.toGrpc(
              new MeshException(ErrorCode.INVALID_ARGUMENT, String.valueOf(e.getMessage()))));
      return;
    }
    observer.onNext(reply);
    observer.onCompleted();
  }

  private AssignReply byModel(AssignRequest request) {
    int layer = request.getLayer();
    int experts = model.expertsOf(layer);
    if (experts == 0) {
      throw new IllegalArgumentException(
          "layer is "
              + Integer.toUnsignedString(layer)
              + ", which is not a routed layer of the model");
    }
    int rows = rows(request);
    float[] logits;
    if (request.getRowsCount() > 0) {
      float[] input = exactly("rows", request.getRowsList(), rows, model.width());
      logits = gates.logits(layer, input, 0, rows);
    } else {
      logits = exactly("logits", request.getLogitsList(), rows, experts);
    }
    GatingPolicy policy = gates.policy(layer);
    return decided(policy.getClass().getSimpleName(), policy, logits, experts, rows, request);
  }

  private AssignReply byRule(AssignRequest request) {
    int experts = request.getExperts();
    if (experts < 1 || experts > MAX_EXPERTS) {
      throw new IllegalArgumentException(
          "experts is %s, must be between 1 and %d"
              .formatted(Integer.toUnsignedString(experts), MAX_EXPERTS));
    }
    int rows = rows(request);
    GatingSpec spec = RuleMessages.toSpec(request.getPolicy());
    if (spec instanceof GatingSpec.SoftMixture(int slots)) {
      return mixture(request, rows, Math.multiplyExact(slots, experts));
    }
    if (request.getPolicy().getRuleCase() == GatingRule.RuleCase.NOISY_TOP_K
        && request.getNormalsCount() > 0) {
      return noisy(request, rows, experts);
    }
    float[] logits =
        spec instanceof GatingSpec.HashTable
            ? new float[0]
            : exactly("logits", request.getLogitsList(), rows, experts);
    GatingPolicy policy =
        GatingPolicy.of(spec, experts, Mapping.toFloats(request.getTableList()), kernels);
    return decided(spec.toString(), policy, logits, experts, rows, request);
  }

  private AssignReply decided(
      String name,
      GatingPolicy policy,
      float[] logits,
      int experts,
      int rows,
      AssignRequest request) {
    if (policy instanceof HashTable) {
      decide(policy, logits, rows, request);
      return reply(name, policy.batchInvariant(), experts).build();
    }
    // deciding may overwrite the logits
    GateLosses losses = GateLosses.of(logits, rows, experts, kernels);
    decide(policy, logits, rows, request);
    return reply(name, policy.batchInvariant(), experts)
        .setAuxiliaryLoss(losses.auxiliary())
        .setZLoss(losses.z())
        .build();
  }

  private void decide(GatingPolicy policy, float[] logits, int rows, AssignRequest request) {
    int[] tokens = Mapping.toArray(request.getTokenIdsList());
    int[] lengths =
        request.getGroupLengthsCount() == 0
            ? new int[] {rows}
            : Mapping.toArray(request.getGroupLengthsList());
    if (Arrays.stream(lengths).asLongStream().sum() != rows
        || Arrays.stream(lengths).anyMatch(n -> n < 0)) {
      throw new IllegalArgumentException(
          "group_lengths add up to another number than row_count, which is " + rows);
    }
    assignments.clear();
    int from = 0;
    for (int length : lengths) {
      if (request.getDecoding()) {
        policy.assignDecoding(logits, tokens, from, from + length, assignments);
      } else {
        policy.assign(logits, tokens, from, from + length, assignments);
      }
      from += length;
    }
  }

  private AssignReply mixture(AssignRequest request, int rows, int slots) {
    float[] logits = exactly("logits", request.getLogitsList(), rows, slots);
    if (!kernels.allFinite(logits, 0, logits.length)) {
      throw new IllegalArgumentException("logits of Soft MoE must be finite");
    }
    SoftMixture mixture = new SoftMixture(slots, kernels);
    mixture.mix(logits, rows);
    AssignReply.Builder reply =
        AssignReply.newBuilder().setPolicy("SoftMixture[slots of all experts=" + slots + "]");
    for (int i = 0; i < rows * slots; i++) {
      reply.addDispatch(mixture.dispatch()[i]).addCombine(mixture.combine()[i]);
    }
    return reply.build();
  }

  private AssignReply noisy(AssignRequest request, int rows, int experts) {
    float[] clean = exactly("logits", request.getLogitsList(), rows, experts);
    float[] raw = exactly("noise_logits", request.getNoiseLogitsList(), rows, experts);
    float[] normals = exactly("normals", request.getNormalsList(), rows, experts);
    NoisyTopK gate = new NoisyTopK(request.getPolicy().getNoisyTopK().getK(), experts, kernels);
    double[] load = new double[experts];
    assignments.clear();
    for (int row = 0; row < rows; row++) {
      int from = row * experts;
      if (!kernels.allFinite(clean, from, experts)
          || !kernels.allFinite(raw, from, experts)
          || !kernels.allFinite(normals, from, experts)) {
        assignments.endNonFiniteRow();
        continue;
      }
      gate.gate(
          Arrays.copyOfRange(clean, from, from + experts),
          Arrays.copyOfRange(raw, from, from + experts),
          Arrays.copyOfRange(normals, from, from + experts));
      for (int e = 0; e < experts; e++) {
        load[e] += gate.load()[e];
        if (gate.gates()[e] > 0) {
          assignments.add(e, gate.gates()[e]);
        }
      }
      assignments.endRow();
    }
    AssignReply.Builder reply = reply("NoisyTopK", true, experts).clearLoad();
    Arrays.stream(load).forEach(reply::addLoad);
    return reply.setLoadVariation(variation(load)).build();
  }

  private AssignReply.Builder reply(String policy, boolean batchInvariant, int experts) {
    AssignReply.Builder reply =
        AssignReply.newBuilder().setPolicy(policy).setBatchInvariant(batchInvariant);
    AssignmentMessages.write(assignments, reply);
    double[] importance = new double[experts];
    double[] load = new double[experts];
    for (int pair = 0; pair < assignments.pairs(); pair++) {
      importance[assignments.expert(pair)] += assignments.weight(pair);
      load[assignments.expert(pair)]++;
    }
    Arrays.stream(importance).forEach(reply::addImportance);
    Arrays.stream(load).forEach(reply::addLoad);
    return reply.setImportanceVariation(variation(importance)).setLoadVariation(variation(load));
  }

  private static SquaredVariation variation(double[] values) {
    return SquaredVariation.newBuilder()
        .setPopulation(LoadBalance.squaredVariation(values))
        .setUnbiased(LoadBalance.unbiasedSquaredVariation(values))
        .build();
  }

  private static int rows(AssignRequest request) {
    int rows = request.getRowCount();
    if (rows < 0 || rows > MAX_ROWS) {
      throw new IllegalArgumentException(
          "row_count is %s, must be at most %d"
              .formatted(Integer.toUnsignedString(rows), MAX_ROWS));
    }
    return rows;
  }

  private static float[] exactly(String field, List<Float> values, int rows, int columns) {
    if (values.size() != (long) rows * columns) {
      throw new IllegalArgumentException(
          "%s has %d values, must have %d for %d rows"
              .formatted(field, values.size(), (long) rows * columns, rows));
    }
    return Mapping.toFloats(values);
  }

  @Override
  public void loads(LoadsRequest request, StreamObserver<LoadsReply> observer) {
    LoadsReply.Builder reply =
        LoadsReply.newBuilder().setModelId(model.modelId()).setRows(counters.rows());
    for (int layer = 0; layer < model.layers(); layer++) {
      if (model.expertsOf(layer) > 0) {
        LayerLoads.Builder loads = reply.addLayersBuilder().setLayer(layer);
        for (int expert = 0; expert < model.expertsOf(layer); expert++) {
          loads.addTokens(counters.tokens(layer, expert));
        }
      }
    }
    observer.onNext(reply.build());
    observer.onCompleted();
  }
}
