package io.expertmesh.launcher.core;

/**
 * The kinds of processes in a mesh, in the order in which they are listed; they stop in reverse.
 */
public enum ServiceKind {
  ROUTER("router", "router-service", "io.expertmesh.router.app.RouterApplication"),
  EXPERT("experts", "expert-service", "io.expertmesh.expert.app.ExpertApplication"),
  ATTENTION("attention", "attention-service", "io.expertmesh.attention.app.AttentionApplication"),
  GATEWAY("gateway", "gateway", "io.expertmesh.gateway.app.GatewayApplication");

  private final String label;
  private final String artifact;
  private final String mainClass;

  ServiceKind(String label, String artifact, String mainClass) {
    this.label = label;
    this.artifact = artifact;
    this.mainClass = mainClass;
  }

  /** First part of the names of its instances. */
  public String label() {
    return label;
  }

  /** Name of its jar and of its classpath file in the runnable tree. */
  public String artifact() {
    return artifact;
  }

  /** Class whose main method starts it. */
  public String mainClass() {
    return mainClass;
  }
}
