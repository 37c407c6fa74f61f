package io.expertmesh.render.core;

import java.util.Objects;

/**
 * What is chosen, beside the model and its placement.
 *
 * @param namespace that everything is put into
 * @param registry what image names begin with, e.g. {@code registry.example/team}; may be empty
 * @param tag of the images
 * @param gateways replicas of the gateway
 * @param attentions replicas of the attention-service
 * @param routers replicas of the router-service
 * @param cpus processors that a computing pod asks for
 * @param kvBytes memory of an attention-service for keys and values
 * @param drainSeconds time to finish what was accepted when a pod ends
 * @param claim PersistentVolumeClaim that holds the checkpoint in a folder of the model's name
 * @param kafka {@code host:port,...} of the brokers
 */
public record RenderOptions(
    String namespace,
    String registry,
    String tag,
    int gateways,
    int attentions,
    int routers,
    int cpus,
    long kvBytes,
    int drainSeconds,
    String claim,
    String kafka) {
  public RenderOptions {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(registry, "registry");
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(claim, "claim");
    Objects.requireNonNull(kafka, "kafka");
    within("--gateways", gateways, 1000);
    within("--attention", attentions, 1000);
    within("--routers", routers, 100);
    within("--cpus", cpus, 1024);
    within("--drain-seconds", drainSeconds, 3600);
  }

  private static void within(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new RenderException(option + " is " + value + "; it must be from 1 to " + most + ".");
    }
  }

  /** Reference of the image of a service. */
  String image(Role role) {
    String name = "expertmesh/" + role.artifact() + ":" + tag;
    return registry.isEmpty() ? name : registry + "/" + name;
  }
}
