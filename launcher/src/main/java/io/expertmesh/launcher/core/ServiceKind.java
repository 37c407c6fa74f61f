package io.expertmesh.launcher.core;

/**
 * The kinds of processes in a mesh, in the order in which they are listed; they stop in reverse.
 */
public enum ServiceKind {
  KAFKA("kafka", "kafka", "io.expertmesh.kafka.app.BrokerApplication", false, false),
  AUTOSCALER(
      "autoscaler", "k8s", "io.expertmesh.autoscaler.app.AutoscalerApplication", false, false),
  ROUTER("router", "router-service", "io.expertmesh.router.app.RouterApplication", true, true),
  EXPERT("experts", "expert-service", "io.expertmesh.expert.app.ExpertApplication", true, true),
  /** An expert-service that is started ahead, and hosts nothing until it is needed. */
  SPARE("spares", "expert-service", "io.expertmesh.expert.app.ExpertApplication", false, true),
  ATTENTION(
      "attention",
      "attention-service",
      "io.expertmesh.attention.app.AttentionApplication",
      true,
      true),
  GATEWAY("gateway", "gateway", "io.expertmesh.gateway.app.GatewayApplication", true, false);

  private final String label;
  private final String artifact;
  private final String mainClass;
  private final boolean serving;
  private final boolean computing;

  ServiceKind(String label, String artifact, String mainClass, boolean serving, boolean computing) {
    this.label = label;
    this.artifact = artifact;
    this.mainClass = mainClass;
    this.serving = serving;
    this.computing = computing;
  }

  /** First part of the names of its instances. */
  public String label() {
    return label;
  }

  /** Name of its jar and of its classpath file in the runnable tree. */
  public String artifact() {
    return artifact;
  }

  /**
   * True if requests need it. The others are started when the mesh is ready, and nobody waits for
   * them.
   */
  public boolean serving() {
    return serving;
  }

  /** True if it computes on rows, with vectors. */
  public boolean computing() {
    return computing;
  }

  /** Class whose main method starts it. */
  public String mainClass() {
    return mainClass;
  }
}
