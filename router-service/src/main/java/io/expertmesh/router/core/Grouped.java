package io.expertmesh.router.core;

/** Which rows a policy that is not batch-invariant sees together. */
public enum Grouped {
  /** Those of one request: its result does not depend on other requests. */
  BY_REQUEST,
  /** All rows of a call, as batched training code does: a request's result depends on luck. */
  POOLED;

  /**
   * What a configuration key says: {@code request} or {@code pooled}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static Grouped named(String name) {
    return switch (name) {
      case "request" -> BY_REQUEST;
      case "pooled" -> POOLED;
      default ->
          throw new IllegalArgumentException(
              "expertmesh.router.grouping is '" + name + "', must be request or pooled");
    };
  }
}
