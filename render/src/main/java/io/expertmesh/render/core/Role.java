package io.expertmesh.render.core;

import java.util.Arrays;
import java.util.List;

/** The services, and which of them talk with each other. */
public enum Role {
  GATEWAY("gateway", "gateway"),
  ATTENTION("attention", "attention-service"),
  ROUTER("router", "router-service"),
  EXPERT("expert", "expert-service"),
  AUTOSCALER("autoscaler", "autoscaler");

  private final String label;
  private final String artifact;

  Role(String label, String artifact) {
    this.label = label;
    this.artifact = artifact;
  }

  /** Value of the label {@code app.kubernetes.io/component}, and first part of names. */
  public String label() {
    return label;
  }

  /** Name of the image. */
  public String artifact() {
    return artifact;
  }

  /** Whose gRPC port this service dials. */
  public List<Role> dials() {
    return switch (this) {
      case GATEWAY -> List.of(ATTENTION);
      case ATTENTION, EXPERT -> List.of(ROUTER);
      case ROUTER -> List.of(EXPERT);
      case AUTOSCALER -> List.of();
    };
  }

  /** Services that this one has connections with, in either direction. */
  public List<Role> peers() {
    return Arrays.stream(values())
        .filter(other -> dials().contains(other) || other.dials().contains(this))
        .toList();
  }
}
