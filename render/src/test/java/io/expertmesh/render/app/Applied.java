package io.expertmesh.render.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/**
 * Applies objects as {@code kubectl apply} does: what is new is created; of what is there, the
 * fields that differ from the manifest are set, those that were in the manifest before and are no
 * more are removed, and all others stay. Lists are replaced as a whole.
 */
final class Applied {
  private static final String LAST = "kubectl.kubernetes.io/last-applied-configuration";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KubernetesClient client;

  Applied(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Applies one object.
   *
   * @return what kubectl would say: created, configured or unchanged
   */
  String apply(HasMetadata object) throws Exception {
    ObjectNode wanted = (ObjectNode) JSON.readTree(Serialization.asJson(object));
    HasMetadata live = client.resource(object).get();
    if (live == null) {
      wanted
          .withObject("/metadata")
          .withObject("/annotations")
          .put(LAST, Serialization.asJson(object));
      client.resource(JSON.writeValueAsString(wanted)).create();
      return "created";
    }
    JsonNode is = JSON.readTree(Serialization.asJson(live));
    JsonNode last = JSON.readTree(live.getMetadata().getAnnotations().get(LAST));
    ArrayNode patch = JSON.createArrayNode();
    difference("", last, wanted, is, patch);
    if (patch.isEmpty()) {
      return "unchanged";
    }
    operation(patch, "add", "/metadata/annotations" + pointer(LAST))
        .put("value", Serialization.asJson(object));
    client.resource(live).patch(PatchContext.of(PatchType.JSON), JSON.writeValueAsString(patch));
    return "configured";
  }

  private static void difference(
      String path, JsonNode last, JsonNode wanted, JsonNode is, ArrayNode patch) {
    for (Map.Entry<String, JsonNode> field : wanted.properties()) {
      String name = field.getKey();
      JsonNode present = is.path(name);
      if (field.getValue().isObject() && present.isObject()) {
        difference(path + pointer(name), last.path(name), field.getValue(), present, patch);
      } else if (!field.getValue().equals(present)) {
        operation(patch, present.isMissingNode() ? "add" : "replace", path + pointer(name))
            .set("value", field.getValue());
      }
    }
    for (Map.Entry<String, JsonNode> field : last.properties()) {
      if (!wanted.has(field.getKey()) && is.has(field.getKey())) {
        operation(patch, "remove", path + pointer(field.getKey()));
      }
    }
  }

  private static ObjectNode operation(ArrayNode patch, String kind, String path) {
    return patch.addObject().put("op", kind).put("path", path);
  }

  /** A step of a JSON pointer (RFC 6901). */
  private static String pointer(String name) {
    return "/" + name.replace("~", "~0").replace("/", "~1");
  }
}
