package io.expertmesh.render.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.render.core.RenderOptions;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code overlays/cluster-pull} of the bundled model, rendered and composed by kubectl; once for
 * each placement and version.
 *
 * @param folder where it is rendered to
 * @param namespace of the objects
 * @param api reads them
 */
record ComposedOverlay(Path folder, String namespace, KubernetesSerialization api) {
  private static final Path MODEL = Path.of("..", "models", "tiny-moe");
  private static final Map<String, String> COMPOSED = new HashMap<>();

  /** The objects with images of version 1.0. */
  List<HasMetadata> objects(String placement) throws Exception {
    return objects(placement, "1.0");
  }

  /** The objects with images of a version. */
  List<HasMetadata> objects(String placement, String tag) throws Exception {
    String text = COMPOSED.get(placement + tag);
    if (text == null) {
      text = compose(placement, tag);
      COMPOSED.put(placement + tag, text);
    }
    List<HasMetadata> objects = new ArrayList<>();
    for (String document : text.split("(?m)^---\\n")) {
      objects.add(api.unmarshal(document));
    }
    return objects;
  }

  private String compose(String placement, String tag) throws Exception {
    Path file = Files.writeString(folder.resolve("placement.yaml"), placement);
    Path out = Files.createTempDirectory(folder, "out");
    RenderOptions options =
        new RenderOptions(
            namespace, "", tag, 2, 2, 2, 4, 1L << 30, 60, "models", "kafka.kafka.svc:9092");
    Renderer.render(
        MODEL, Optional.of(file), 1, options, Optional.of("https://w.example/tiny-moe"), out);
    Path composed = out.resolve("composed.yaml");
    Process kubectl =
        new ProcessBuilder("kubectl", "kustomize", out.resolve("overlays/cluster-pull").toString())
            .redirectOutput(composed.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(kubectl.waitFor()).isZero();
    return Files.readString(composed);
  }

  /** The templates of pods among objects, by the name of what runs them. */
  static Map<String, PodTemplateSpec> templates(List<HasMetadata> objects) {
    Map<String, PodTemplateSpec> templates = new TreeMap<>();
    for (HasMetadata object : objects) {
      switch (object) {
        case Deployment d -> templates.put(d.getMetadata().getName(), d.getSpec().getTemplate());
        case StatefulSet s -> templates.put(s.getMetadata().getName(), s.getSpec().getTemplate());
        default -> {}
      }
    }
    return templates;
  }

  /** An object without what the server and kubectl write into it. */
  String unstamped(HasMetadata object) {
    HasMetadata copy = api.clone(object);
    copy.getMetadata().setUid(null);
    copy.getMetadata().setResourceVersion(null);
    copy.getMetadata().setGeneration(null);
    copy.getMetadata().setCreationTimestamp(null);
    copy.getMetadata().setAnnotations(null);
    return api.asYaml(copy);
  }
}
