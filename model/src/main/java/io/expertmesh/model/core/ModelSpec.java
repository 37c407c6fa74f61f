package io.expertmesh.model.core;

import static java.util.stream.Collectors.joining;

import io.expertmesh.model.kernel.DType;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A decoder-only language model as data: everything that the services need to know to compute it,
 * and where its tensors are.
 *
 * @param family the checkpoint's {@code model_type}
 * @param hiddenSize floats per hidden state
 * @param vocabSize rows of the embedding and of the LM head
 * @param maxPositions longest sequence the checkpoint was made for
 * @param storedDtype dtype that the config declares for weights and activations
 * @param embedding token embedding
 * @param layers layers in order
 * @param finalNorm norm before the head
 * @param head what turns the last hidden state into logits
 * @param eosTokenIds ids that end a sequence; may be empty
 * @param bosTokenId id that starts a sequence, if the checkpoint names one
 */
public record ModelSpec(
    String family,
    int hiddenSize,
    int vocabSize,
    int maxPositions,
    DType storedDtype,
    EmbeddingSpec embedding,
    List<LayerSpec> layers,
    NormSpec finalNorm,
    HeadSpec head,
    List<Integer> eosTokenIds,
    OptionalInt bosTokenId) {
  public ModelSpec {
    Objects.requireNonNull(family, "family");
    Objects.requireNonNull(storedDtype, "storedDtype");
    Objects.requireNonNull(embedding, "embedding");
    layers = List.copyOf(layers);
    Objects.requireNonNull(finalNorm, "finalNorm");
    Objects.requireNonNull(head, "head");
    eosTokenIds = List.copyOf(eosTokenIds);
    Objects.requireNonNull(bosTokenId, "bosTokenId");
  }

  /** The same model with other layers. */
  public ModelSpec withLayers(List<LayerSpec> others) {
    return new ModelSpec(
        family,
        hiddenSize,
        vocabSize,
        maxPositions,
        storedDtype,
        embedding,
        others,
        finalNorm,
        head,
        eosTokenIds,
        bosTokenId);
  }

  /** The same model with other ids that end a sequence. */
  public ModelSpec withEosTokenIds(List<Integer> ids) {
    return new ModelSpec(
        family,
        hiddenSize,
        vocabSize,
        maxPositions,
        storedDtype,
        embedding,
        layers,
        finalNorm,
        head,
        ids,
        bosTokenId);
  }

  /** True if the head reads the embedding's tensor. */
  public boolean tied() {
    return head.linear().weight().equals(embedding.table());
  }

  /** Routed feed-forward block of a layer, if it has one. */
  public Optional<RoutedFfn> routed(int layer) {
    return layers.get(layer).channelMixer() instanceof RoutedFfn routed
        ? Optional.of(routed)
        : Optional.empty();
  }

  /** Indices of the layers that have routed experts, ascending. */
  public List<Integer> routedLayers() {
    return layers.stream()
        .filter(l -> l.channelMixer() instanceof RoutedFfn)
        .map(LayerSpec::index)
        .toList();
  }

  /**
   * True if a gating policy assigns all tokens of a prompt together, so that a prompt is computed
   * in one piece and its rows reach the router in one message.
   */
  public boolean wholePrompts() {
    return gates().anyMatch(gate -> !gate.policy().batchInvariant());
  }

  /** True if every gating policy is defined for tokens that are generated one by one. */
  public boolean decodes() {
    return gates().allMatch(GateSpec::decodes);
  }

  /** Most experts that a token can be assigned in one layer; 0 if none is routed. */
  public int mostChoices() {
    return routedLayers().stream()
        .map(layer -> routed(layer).orElseThrow())
        .mapToInt(block -> block.gate().policy().mostChoices(block.experts().size()))
        .max()
        .orElse(0);
  }

  /** The names of the gating rules, each once. */
  public String policyNames() {
    return gates().map(gate -> gate.policy().ruleName()).distinct().collect(joining(", "));
  }

  private Stream<GateSpec> gates() {
    return routedLayers().stream().map(layer -> routed(layer).orElseThrow().gate());
  }
}
