package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.MeshState;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of the words that talk to the REST API. */
final class SamplingOptions {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens to generate at most")
  private int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 = always the likeliest token (without: the API's default)")
  private @Nullable Double temperature;

  @Option(names = "--top-p", paramLabel = "P", description = "Nucleus sampling")
  private @Nullable Double topP;

  @Option(names = "--seed", paramLabel = "S", description = "Same seed, same answer")
  private @Nullable Long seed;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Address of the API (without: the mesh that is up here)")
  private @Nullable String url;

  /** Address of the API and name of its model. */
  record Target(String url, String model) {
    /** The API at an address, or that of the mesh that is up in the run folder. */
    static Target of(@Nullable String url, RunDirectory run) {
      if (url != null) {
        return new Target(url.replaceAll("/+$", ""), "");
      }
      MeshState state = Meshes.require(run);
      return new Target(state.url(), state.modelId());
    }
  }

  Target target(RunDirectory run) {
    return Target.of(url, run);
  }

  /** The fields of a streamed request that are common to all paths. */
  Map<String, Object> body(Target target) {
    Map<String, Object> body = new LinkedHashMap<>();
    if (!target.model().isEmpty()) {
      body.put("model", target.model());
    }
    body.put("stream", true);
    body.put("max_tokens", maxTokens);
    if (temperature != null) {
      body.put("temperature", temperature);
    }
    if (topP != null) {
      body.put("top_p", topP);
    }
    if (seed != null) {
      body.put("seed", seed);
    }
    return body;
  }
}
