package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.MeshPlan;
import java.util.List;

/** What to do with a mesh that is up. */
final class Advice {
  private Advice() {}

  static List<String> lines(MeshPlan plan) {
    return lines(plan.modelId(), plan.url());
  }

  static List<String> lines(String modelId, String url) {
    return List.of(
        "",
        "  " + modelId + " answers at " + url + "/v1",
        "",
        "  curl " + url + "/v1/completions -H 'Content-Type: application/json' \\",
        "    -d '{\"model\": \""
            + modelId
            + "\", \"prompt\": \"This package contains\", \"max_tokens\": 40}'",
        "",
        "  ./mesh chat    ./mesh generate \"This package contains\"    ./mesh status    ./mesh down",
        "");
  }
}
